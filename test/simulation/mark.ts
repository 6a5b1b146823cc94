import type { Tags } from '../../src/store/object-store.ts'

/** What a mark says about an object besides its bytes. */
export function attributesOf(mark: string): {
  readonly contentType: string
  readonly metadata: ReadonlyMap<string, string>
} {
  return { contentType: `text/${mark}`, metadata: new Map([['mark', mark]]) }
}

export function tagsOf(mark: string): Tags {
  return mark.length % 2 === 0 ? [] : [{ key: 'mark', value: mark }]
}
