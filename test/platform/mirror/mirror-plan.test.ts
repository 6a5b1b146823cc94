import { describe, expect, it } from 'vitest'
import { type FoundCopy, planMirror } from '../../../src/platform/mirror/mirror-plan.ts'
import type { MirrorRecord } from '../../../src/platform/mirror/mirror-record.ts'

const absent: FoundCopy = { found: 'absent', reason: 'not there' }
const empty: FoundCopy = { found: 'empty' }
const single: FoundCopy = { found: 'single' }
const damaged: FoundCopy = { found: 'damaged' }

/** `history`: one letter for each generation, oldest first. `members`: their directories. */
function copy(
  id: string,
  history: string,
  members: string,
  more: Partial<MirrorRecord> & { readonly hasStore?: boolean } = {},
): FoundCopy {
  const { hasStore = true, ...rest } = more
  const record: MirrorRecord = {
    storeId: 's',
    copy: `copy ${id}`,
    state: 'complete',
    generation: history.length,
    epochs: [...history].reverse(),
    members: [...members].map((name) => ({ copy: `copy ${name}`, directory: `/${name}` })),
    ...rest,
  }
  return { found: 'copy', record, hasStore }
}

function plan(copies: Readonly<Record<string, FoundCopy>>, lost: readonly string[] = []) {
  const placed = Object.entries(copies).map(([name, found]) => ({
    directory: `/${name}`,
    copy: found,
  }))
  const { members } = planMirror(placed, lost)
  return members.map((index) => placed[index]?.directory).join(' ')
}

describe('which directories of a mirror are trusted', () => {
  it('all of a new one', () => {
    expect(plan({ a: empty, b: empty })).toBe('/a /b')
  })

  it('the only one that holds a store, whichever it is', () => {
    expect(plan({ a: single, b: empty })).toBe('/a')
    expect(plan({ a: empty, b: single })).toBe('/b')
    expect(plan({ a: single, b: absent })).toBe('/a')
  })

  it('all that say the same', () => {
    expect(plan({ a: copy('a', 'xy', 'ab'), b: copy('b', 'xy', 'ab') })).toBe('/a /b')
  })

  it('those that went on without the others', () => {
    expect(plan({ a: copy('a', 'x', 'ab'), b: copy('b', 'xy', 'b') })).toBe('/b')
    expect(plan({ a: absent, b: copy('b', 'xy', 'b') })).toBe('/b')
    expect(plan({ a: empty, b: copy('b', 'xy', 'b') })).toBe('/b')
    expect(plan({ a: damaged, b: copy('b', 'xy', 'b') })).toBe('/b')
  })

  it('one that is called lost and is there as it should be', () => {
    const both = { a: copy('a', 'xy', 'ab'), b: copy('b', 'xy', 'ab') }
    expect(plan(both, ['/b'])).toBe('/a /b')
    expect(plan({ a: copy('a', 'x', 'ab'), b: copy('b', 'xy', 'b') }, ['/b'])).toBe('/b')
  })

  it('not one that is still being filled', () => {
    const filling = copy('b', 'xy', 'a', { state: 'filling' })
    expect(plan({ a: copy('a', 'xy', 'a'), b: filling })).toBe('/a')
    expect(() => plan({ a: absent, b: filling })).toThrow('still being filled')
    expect(() => plan({ a: absent, b: filling }, ['/a'])).toThrow('still being filled')
  })

  it('the filled one where the note of it was cut short', () => {
    expect(plan({ a: copy('a', 'x', 'a'), b: copy('b', 'xy', 'ab') })).toBe('/b')
    const half = copy('b', 'x', 'a', { state: 'filling' })
    expect(plan({ a: copy('a', 'xy', 'ab'), b: half })).toBe('/a')
  })

  it('those of a first start that was cut short', () => {
    const born = copy('a', 'x', 'ab')
    const unborn = copy('b', 'x', 'ab', { hasStore: false })
    expect(plan({ a: copy('a', 'x', 'ab', { hasStore: false }), b: unborn })).toBe('/a /b')
    expect(plan({ a: copy('a', 'x', 'ab', { hasStore: false }), b: empty })).toBe('/a /b')
    expect(plan({ a: born, b: unborn })).toBe('/a /b')
  })
})

describe('a mirror is refused', () => {
  it.each([
    ['nothing is there', absent],
    ['something empty is there', empty],
    ['a damaged record is there', damaged],
  ])('where a directory was in use that may have gone on alone: %s', (_, b) => {
    const a = copy('a', 'xy', 'ab')
    expect(() => plan({ a, b })).toThrow('/a may be stale: /b was in use beside it')
    if (b !== damaged) expect(plan({ a, b }, ['/b'])).toBe('/a')
  })

  it('even when only the stale directory is known', () => {
    expect(() => plan({ a: copy('a', 'xy', 'ab') })).toThrow('--mirror-lost /b')
  })

  it('where two went on, each without the other', () => {
    const rivals = { a: copy('a', 'xy', 'a'), b: copy('b', 'xz', 'b') }
    expect(() => plan(rivals)).toThrow('each gone on without the other')
    const ahead = { a: copy('a', 'xy', 'a'), b: copy('b', 'xzw', 'b') }
    expect(() => plan(ahead)).toThrow('/a holds writes that the other')
  })

  it('where nobody knows which store is the one', () => {
    expect(() => plan({ a: single, b: single })).toThrow('none says which one is newer')
    expect(() => plan({ a: copy('a', 'x', 'a'), b: single })).toThrow('without its mirror record')
    expect(() => plan({ a: damaged, b: empty })).toThrow('record is damaged')
    const other = copy('b', 'x', 'b', { storeId: 'other' })
    expect(() => plan({ a: copy('a', 'x', 'a'), b: other })).toThrow('different stores')
  })

  it('where the store may be in a directory that is not there', () => {
    expect(() => plan({ a: empty, b: absent })).toThrow('/b: not there')
    expect(plan({ a: empty, b: absent }, ['/b'])).toBe('/a')
  })
})
