import { expect, it } from 'vitest'
import {
  bucket,
  bytesOf,
  failure,
  get,
  key,
  neverAborted,
  noise,
  open as openObject,
  put,
  UploadClient,
} from '../../store/store-requests.ts'
import { type OpenSubject, onStore } from './subject.ts'

const MIB = 1024 * 1024

export function getCases(open: OpenSubject): void {
  it(
    'misses a key that is not there',
    onStore(open, async (store) => {
      expect(await failure(get(store, 'none'))).toBe('no-such-key')
      const input = { bucket, key: key('none'), conditions: {}, signal: neverAborted }
      expect(await failure(store.headObject(input))).toBe('no-such-key')
    }),
  )

  it(
    'says the same of an object with and without its bytes',
    onStore(open, async (store) => {
      await put(store, 'a', noise(100_000))
      const input = { bucket, key: key('a'), conditions: {}, signal: neverAborted }
      const { body, ...head } = await store.getObject(input)
      await bytesOf(body)
      expect(await store.headObject(input)).toEqual(head)
      expect(head).toMatchObject({
        range: { start: 0, end: 100_000 },
        isPartial: false,
        partsCount: null,
      })
    }),
  )

  it.each([10, 100_000, 2_500_000])('reads any range of %i bytes', (size) =>
    onStore(open, async (store) => {
      const bytes = noise(size)
      await put(store, 'a', bytes)
      const last = size - 1
      const ranges = [
        [{ start: 0, end: 0 }, 0, 1],
        [{ start: 3, end: null }, 3, size],
        [{ start: last, end: last }, last, size],
        [{ start: 2, end: 10 * size }, 2, size],
        [{ start: 1, end: last - 1 }, 1, last],
        [{ suffix: 4 }, size - 4, size],
        [{ suffix: 10 * size }, 0, size],
      ] as const
      for (const [range, start, end] of ranges) {
        const reader = await openObject(store, 'a', { range })
        expect(reader).toMatchObject({ size, isPartial: true, range: { start, end } })
        expect((await bytesOf(reader.body)).equals(bytes.subarray(start, end))).toBe(true)
      }
    })(),
  )

  it(
    'refuses a range that holds no byte, and says the size',
    onStore(open, async (store) => {
      await put(store, 'a', '0123456789')
      await put(store, 'empty', '')
      const cases = [
        ['a', { start: 10, end: null }],
        ['a', { start: 10, end: 20 }],
        ['a', { suffix: 0 }],
        ['empty', { start: 0, end: null }],
        ['empty', { suffix: 5 }],
      ] as const
      for (const [name, range] of cases) {
        expect(await failure(openObject(store, name, { range }))).toBe('range-not-satisfiable')
      }
      await expect(
        openObject(store, 'a', { range: { start: 10, end: null } }),
      ).rejects.toMatchObject({ detail: { size: '10' } })
    }),
  )

  it(
    'reads parts by number',
    onStore(open, async (store) => {
      const parts = [noise(5 * MIB, 1), noise(5 * MIB, 2), noise(1000, 3)]
      const upload = await UploadClient.start(store, 'a')
      const infos = []
      for (const [index, part] of parts.entries()) infos.push(await upload.part(index + 1, part))
      await upload.complete(infos)
      for (const [index, part] of parts.entries()) {
        const reader = await openObject(store, 'a', { partNumber: index + 1 })
        expect(reader).toMatchObject({ partsCount: 3, isPartial: true, size: 10 * MIB + 1000 })
        expect(reader.range.start).toBe(index * 5 * MIB)
        expect((await bytesOf(reader.body)).equals(part)).toBe(true)
      }
      const beyond = openObject(store, 'a', { partNumber: 4 })
      await expect(beyond).rejects.toMatchObject({
        kind: 'range-not-satisfiable',
        detail: { partNumber: '4', partsCount: '3' },
      })
    }),
  )

  it(
    'takes an object that was not uploaded in parts for its own first part',
    onStore(open, async (store) => {
      await put(store, 'a', 'body')
      const reader = await openObject(store, 'a', { partNumber: 1 })
      expect(reader).toMatchObject({ partsCount: null, isPartial: true })
      expect((await bytesOf(reader.body)).toString()).toBe('body')
      expect(await failure(openObject(store, 'a', { partNumber: 2 }))).toBe('range-not-satisfiable')
      const both = { partNumber: 1, range: { start: 0, end: 0 } }
      expect(await failure(openObject(store, 'a', both))).toBe('invalid-request')
    }),
  )

  it(
    'reads on while the object is replaced and deleted',
    onStore(open, async (store) => {
      const bytes = noise(3 * MIB)
      await put(store, 'a', bytes)
      const reader = await openObject(store, 'a')
      await put(store, 'a', 'other')
      await store.deleteObject({ bucket, key: key('a'), conditions: {} })
      expect((await bytesOf(reader.body)).equals(bytes)).toBe(true)
    }),
  )

  it(
    'lets a reader go before, during and after reading',
    onStore(open, async (store) => {
      await put(store, 'a', noise(3 * MIB))
      const unread = await openObject(store, 'a')
      await unread.body[Symbol.asyncIterator]().return?.()
      for await (const piece of (await openObject(store, 'a')).body) {
        expect(piece.length).toBeGreaterThan(0)
        break
      }
      const read = (await openObject(store, 'a')).body[Symbol.asyncIterator]()
      while ((await read.next()).done !== true);
      await read.return?.()
    }),
  )
}
