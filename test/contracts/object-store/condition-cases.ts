import { expect, it } from 'vitest'
import type { ReadConditions } from '../../../src/store/object-store.ts'
import {
  bucket,
  copy,
  failure,
  get,
  key,
  noise,
  open as openObject,
  put,
  UploadClient,
} from '../../store/store-requests.ts'
import { type OpenSubject, onStore } from './subject.ts'

const HOUR = 3_600_000
const yes = 'succeeded'
const no = 'precondition-failed'

export function conditionCases(open: OpenSubject): void {
  it(
    'reads by the precedence of RFC 9110',
    onStore(open, async (store) => {
      const { etag, lastModified } = await put(store, 'a', 'x')
      const [past, now, future] = [lastModified - HOUR, lastModified, lastModified + HOUR]
      const cases: readonly (readonly [ReadConditions, string])[] = [
        [{ ifMatch: [etag] }, yes],
        [{ ifMatch: ['other', etag] }, yes],
        [{ ifMatch: ['*'] }, yes],
        [{ ifMatch: ['other'] }, no],
        [{ ifMatch: [] }, no],
        [{ ifNoneMatch: ['other'] }, yes],
        [{ ifNoneMatch: [etag] }, 'not-modified'],
        [{ ifNoneMatch: ['*'] }, 'not-modified'],
        [{ ifModifiedSince: past }, yes],
        [{ ifModifiedSince: now }, 'not-modified'],
        [{ ifModifiedSince: future }, 'not-modified'],
        [{ ifUnmodifiedSince: past }, no],
        [{ ifUnmodifiedSince: now }, yes],
        [{ ifUnmodifiedSince: future }, yes],
        // If-Match holds: If-Unmodified-Since is not looked at.
        [{ ifMatch: [etag], ifUnmodifiedSince: past }, yes],
        [{ ifMatch: ['other'], ifUnmodifiedSince: future }, no],
        // If-None-Match is there: If-Modified-Since is not looked at.
        [{ ifNoneMatch: ['other'], ifModifiedSince: future }, yes],
        [{ ifNoneMatch: [etag], ifModifiedSince: past }, 'not-modified'],
        // Both groups: the first that fails decides.
        [{ ifMatch: ['other'], ifNoneMatch: [etag] }, no],
        [{ ifMatch: [etag], ifNoneMatch: [etag] }, 'not-modified'],
        [{ ifUnmodifiedSince: past, ifModifiedSince: future }, no],
      ]
      for (const [conditions, expected] of cases) {
        expect(await failure(get(store, 'a', { conditions })), JSON.stringify(conditions)).toBe(
          expected,
        )
      }
    }),
  )

  it(
    'compares times by the second, which is all HTTP says',
    onStore(open, async (store) => {
      const { lastModified } = await put(store, 'a', 'x')
      const second = Math.floor(lastModified / 1000) * 1000
      expect(await failure(get(store, 'a', { conditions: { ifModifiedSince: second } }))).toBe(
        'not-modified',
      )
      expect(await failure(get(store, 'a', { conditions: { ifUnmodifiedSince: second } }))).toBe(
        yes,
      )
    }),
  )

  it(
    'says what a current copy is',
    onStore(open, async (store) => {
      const { etag, lastModified } = await put(store, 'a', 'x')
      await expect(
        openObject(store, 'a', { conditions: { ifNoneMatch: [etag] } }),
      ).rejects.toMatchObject({ detail: { etag, lastModified: String(lastModified) } })
    }),
  )

  it.each([10, 100_000])('writes %i bytes by If-None-Match and If-Match', (size) =>
    onStore(open, async (store) => {
      const attempt = (conditions: object, seed: number) =>
        failure(put(store, 'a', noise(size, seed), { conditions }))
      expect(await attempt({ ifMatch: '*' }, 1)).toBe('no-such-key')
      expect(await attempt({ ifMatch: 'abc' }, 1)).toBe('no-such-key')
      const { etag } = await put(store, 'a', noise(size, 2), { conditions: { ifNoneMatch: '*' } })
      expect(await attempt({ ifNoneMatch: '*' }, 3)).toBe(no)
      expect(await attempt({ ifNoneMatch: etag }, 3)).toBe(no)
      expect(await attempt({ ifMatch: 'abc' }, 3)).toBe(no)
      expect((await get(store, 'a')).equals(noise(size, 2))).toBe(true)
      expect(await attempt({ ifMatch: etag }, 4)).toBe(yes)
      expect(await attempt({ ifMatch: etag }, 5)).toBe(no)
      expect(await attempt({ ifNoneMatch: etag }, 6)).toBe(yes)
      expect(await attempt({ ifMatch: '*' }, 7)).toBe(yes)
      expect((await get(store, 'a')).equals(noise(size, 7))).toBe(true)
    })(),
  )

  it(
    'refuses before it reads a body that cannot be stored',
    onStore(open, async (store) => {
      await put(store, 'a', 'x')
      let isRead = false
      async function* body() {
        isRead = true
        yield Buffer.from('y')
      }
      const input = {
        body: {
          stream: body(),
          size: 1,
          contentMd5: null,
          checksum: null,
          signal: new AbortController().signal,
        },
        conditions: { ifNoneMatch: '*' },
      }
      expect(await failure(put(store, 'a', '', input))).toBe(no)
      expect(isRead).toBe(false)
    }),
  )

  it(
    'completes uploads by conditions, and a refused upload lives on',
    onStore(open, async (store) => {
      const { etag } = await put(store, 'a', 'x')
      const upload = await UploadClient.start(store, 'a')
      const parts = [await upload.part(1, 'y')]
      const attempt = (conditions: object) => failure(upload.complete(parts, { conditions }))
      expect(await attempt({ ifNoneMatch: '*' })).toBe(no)
      expect(await attempt({ ifMatch: 'abc' })).toBe(no)
      expect(await attempt({ ifMatch: etag })).toBe(yes)
      expect((await get(store, 'a')).toString()).toBe('y')
      const missing = await UploadClient.start(store, 'b')
      const one = [await missing.part(1, 'y')]
      expect(await failure(missing.complete(one, { conditions: { ifMatch: '*' } }))).toBe(
        'no-such-key',
      )
      expect(await failure(missing.complete(one, { conditions: { ifNoneMatch: '*' } }))).toBe(yes)
    }),
  )

  it(
    'copies by conditions on both sides',
    onStore(open, async (store) => {
      const { etag, lastModified } = await put(store, 'a', 'x')
      await put(store, 'b', 'y')
      const from = (conditions: ReadConditions) => ({
        source: { bucket, key: key('a'), conditions },
      })
      expect(await failure(copy(store, 'a', 'c', from({ ifMatch: ['abc'] })))).toBe(no)
      expect(await failure(copy(store, 'a', 'c', from({ ifNoneMatch: [etag] })))).toBe(no)
      expect(await failure(copy(store, 'a', 'c', from({ ifModifiedSince: lastModified })))).toBe(no)
      expect(await failure(copy(store, 'a', 'b', { conditions: { ifNoneMatch: '*' } }))).toBe(no)
      expect(await failure(copy(store, 'a', 'c', { conditions: { ifMatch: '*' } }))).toBe(
        'no-such-key',
      )
      expect(await failure(copy(store, 'a', 'c', from({ ifMatch: [etag] })))).toBe(yes)
      expect(await failure(copy(store, 'a', 'b', { conditions: { ifMatch: '*' } }))).toBe(yes)
    }),
  )
}
