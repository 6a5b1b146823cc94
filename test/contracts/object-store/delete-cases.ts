import { expect, it } from 'vitest'
import { bucket, failure, get, key, keysOf, put, remove } from '../../store/store-requests.ts'
import { type OpenSubject, onStore } from './subject.ts'

export function deleteCases(open: OpenSubject): void {
  it(
    'removes an object, and again without complaint',
    onStore(open, async (store) => {
      await put(store, 'a', 'x')
      await remove(store, 'a')
      expect(await failure(get(store, 'a'))).toBe('no-such-key')
      await remove(store, 'a')
      await remove(store, 'never was')
    }),
  )

  it(
    'removes by ETag',
    onStore(open, async (store) => {
      const { etag } = await put(store, 'a', 'x')
      expect(await failure(remove(store, 'a', 'abc'))).toBe('precondition-failed')
      expect(await keysOf(store)).toEqual(['a'])
      await remove(store, 'a', etag)
      expect(await failure(remove(store, 'a', etag))).toBe('no-such-key')
      expect(await failure(remove(store, 'a', '*'))).toBe('no-such-key')
      await put(store, 'a', 'x')
      await remove(store, 'a', '*')
      expect(await keysOf(store)).toEqual([])
    }),
  )

  it(
    'removes many, each for itself and in the order asked',
    onStore(open, async (store) => {
      for (const name of ['a', 'b', 'c']) await put(store, name, 'x')
      const results = await store.deleteObjects(bucket, [
        { key: key('c') },
        { key: key('none') },
        { key: key('b'), ifMatch: 'abc' },
        { key: key('c') },
        { key: key('a'), ifMatch: '*' },
      ])
      expect(results.map((result) => [result.key, result.deleted])).toEqual([
        ['c', true],
        ['none', true],
        ['b', false],
        ['c', true],
        ['a', true],
      ])
      expect(results[2]).toMatchObject({ error: { kind: 'precondition-failed' } })
      expect(await keysOf(store)).toEqual(['b'])
    }),
  )

  it(
    'removes a thousand keys in one call',
    onStore(open, async (store) => {
      const names = Array.from({ length: 1000 }, (_, index) => key(`k${index}`))
      await Promise.all(names.map((name) => put(store, name, 'x')))
      const results = await store.deleteObjects(
        bucket,
        names.map((name) => ({ key: name })),
      )
      expect(results.every((result) => result.deleted)).toBe(true)
      expect((await store.usage(bucket)).objects).toBe(0)
    }),
  )
}
