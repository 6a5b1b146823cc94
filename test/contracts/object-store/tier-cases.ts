import { expect, it } from 'vitest'
import type { StorageClass } from '../../../src/model/storage-class.ts'
import type { ObjectStore } from '../../../src/store/object-store.ts'
import {
  bucket,
  copy,
  failure,
  get,
  key,
  neverAborted,
  noise,
  put,
  remove,
  UploadClient,
} from '../../store/store-requests.ts'
import { type OpenSubject, onStore } from './subject.ts'

const MIB = 1024 * 1024

function head(store: ObjectStore, name: string) {
  const signal = neverAborted
  return store.headObject({ bucket, key: key(name), conditions: {}, signal })
}

const classed = (storageClass: StorageClass) => ({
  attributes: { headers: {}, metadata: new Map(), storageClass, tags: [] },
})

function move(store: ObjectStore, name: string, storageClass: StorageClass): Promise<boolean> {
  return store.moveObject({ bucket, key: key(name), storageClass, signal: neverAborted })
}

/** Bytes by tier. */
async function bytesIn(store: ObjectStore): Promise<readonly number[]> {
  const { tiers, bytes, storedBytes } = await store.usage(bucket)
  const all = [tiers.hot, tiers.warm, tiers.cold]
  const sum = (sizes: readonly number[]) => sizes.reduce((total, size) => total + size, 0)
  expect(sum(all.map((tier) => tier.bytes))).toBe(bytes)
  expect(sum(all.map((tier) => tier.storedBytes))).toBe(storedBytes)
  for (const tier of all) expect(tier.storedBytes > 0).toBe(tier.bytes > 0)
  return all.map((tier) => tier.bytes)
}

/** On stores with all three tiers. */
export function tierCases(open: OpenSubject): void {
  it.each([
    ['STANDARD', 0],
    ['REDUCED_REDUNDANCY', 0],
    ['INTELLIGENT_TIERING', 0],
    ['STANDARD_IA', 1],
    ['ONEZONE_IA', 1],
    ['GLACIER_IR', 2],
    ['GLACIER', 2],
    ['DEEP_ARCHIVE', 2],
  ] as const)('puts what is %s into tier %i, and counts it there', (storageClass, tier) =>
    onStore(open, async (store) => {
      await put(store, 'a', noise(200_000), classed(storageClass))
      const expected = [0, 0, 0]
      expected[tier] = 200_000
      expect(await bytesIn(store)).toEqual(expected)
      expect((await get(store, 'a')).equals(noise(200_000))).toBe(true)
      expect((await head(store, 'a')).storageClass).toBe(storageClass)
      await remove(store, 'a')
      expect(await bytesIn(store)).toEqual([0, 0, 0])
    })(),
  )

  it(
    'lets small bodies ride in their commit, whatever their class',
    onStore(open, async (store) => {
      await put(store, 'a', noise(100), classed('GLACIER'))
      expect(await bytesIn(store)).toEqual([100, 0, 0])
      await put(store, 'empty', '', classed('GLACIER'))
      expect(await bytesIn(store)).toEqual([100, 0, 0])
    }),
  )

  it(
    'puts the parts of an upload into the tier of its class, small ones too',
    onStore(open, async (store) => {
      const upload = await UploadClient.start(store, 'a', classed('DEEP_ARCHIVE'))
      const parts = [await upload.part(1, noise(5 * MIB)), await upload.part(2, noise(10))]
      await upload.complete(parts)
      expect(await bytesIn(store)).toEqual([0, 0, 5 * MIB + 10])
      const whole = Buffer.concat([noise(5 * MIB), noise(10)])
      expect((await get(store, 'a')).equals(whole)).toBe(true)
    }),
  )

  it(
    'copies bytes into another tier, and shares them within one',
    onStore(open, async (store) => {
      const source = await put(store, 'a', noise(300_000))
      const info = await copy(store, 'a', 'b', { storageClass: 'GLACIER' })
      expect(info).toMatchObject({ etag: source.etag, checksum: source.checksum })
      expect(await bytesIn(store)).toEqual([300_000, 0, 300_000])
      await remove(store, 'a')
      expect((await get(store, 'b')).equals(noise(300_000))).toBe(true)
      await copy(store, 'b', 'c', { storageClass: 'DEEP_ARCHIVE' })
      await copy(store, 'c', 'd')
      await remove(store, 'b')
      expect(await bytesIn(store)).toEqual([0, 0, 600_000])
      await copy(store, 'c', 'c', { storageClass: 'STANDARD' })
      expect(await bytesIn(store)).toEqual([300_000, 0, 300_000])
      for (const name of ['c', 'd']) {
        expect((await get(store, name)).equals(noise(300_000))).toBe(true)
        await remove(store, name)
      }
    }),
  )

  it.each([2, 10])('moves an object of %i parts, and nothing of it changes', (count) =>
    onStore(open, async (store) => {
      const upload = await UploadClient.start(store, 'a')
      const parts = []
      const bodies = Array.from({ length: count }, (_, index) =>
        Buffer.concat([Buffer.from([index]), noise(5 * MIB)]),
      )
      for (const [index, body] of bodies.entries()) parts.push(await upload.part(index + 1, body))
      await upload.complete(parts)
      const whole = Buffer.concat(bodies)
      const before = await head(store, 'a')
      expect(await move(store, 'a', 'STANDARD_IA')).toBe(true)
      expect(await bytesIn(store)).toEqual([0, whole.length, 0])
      expect(await head(store, 'a')).toEqual({
        ...before,
        storageClass: 'STANDARD_IA',
        attributes: { ...before.attributes, storageClass: 'STANDARD_IA' },
      })
      expect((await get(store, 'a')).equals(whole)).toBe(true)
      const range = { start: 5 * MIB - 5, end: 5 * MIB + 4 }
      const found = await get(store, 'a', { range })
      expect(found.equals(whole.subarray(range.start, range.end + 1))).toBe(true)
    })(),
  )

  it(
    'moves one of two that share their bytes, and leaves the other',
    onStore(open, async (store) => {
      await put(store, 'a', noise(200_000))
      await copy(store, 'a', 'b')
      expect(await move(store, 'b', 'GLACIER')).toBe(true)
      expect(await bytesIn(store)).toEqual([200_000, 0, 200_000])
      await remove(store, 'a')
      expect((await get(store, 'b')).equals(noise(200_000))).toBe(true)
    }),
  )

  it(
    'moves small and empty bodies, and changes a class within a tier without a copy',
    onStore(open, async (store) => {
      await put(store, 'small', 'x')
      await put(store, 'empty', '')
      for (const name of ['small', 'empty']) {
        expect(await move(store, name, 'GLACIER')).toBe(true)
        expect(await move(store, name, 'GLACIER')).toBe(true)
        expect(await move(store, name, 'DEEP_ARCHIVE')).toBe(true)
        expect((await head(store, name)).storageClass).toBe('DEEP_ARCHIVE')
      }
      expect(await bytesIn(store)).toEqual([0, 0, 1])
      expect(String(await get(store, 'small'))).toBe('x')
    }),
  )

  it(
    'says so when there is nothing to move',
    onStore(open, async (store) => {
      expect(await failure(move(store, 'a', 'GLACIER'))).toBe('no-such-key')
    }),
  )

  it(
    'moves what is overwritten meanwhile to no place: the new bytes stay',
    onStore(open, async (store) => {
      await put(store, 'a', noise(2 * MIB))
      const moving = move(store, 'a', 'GLACIER')
      await put(store, 'a', noise(100_000, 2))
      const isMoved = await moving
      expect((await get(store, 'a')).equals(noise(100_000, 2))).toBe(true)
      const { storageClass } = await head(store, 'a')
      expect(storageClass).toBe('STANDARD')
      expect(await bytesIn(store)).toEqual([100_000, 0, 0])
      expect(typeof isMoved).toBe('boolean')
    }),
  )

  it(
    'moves an object while it is read, copied and tagged',
    onStore(open, async (store) => {
      await put(store, 'a', noise(3 * MIB))
      const classes = ['GLACIER', 'STANDARD_IA', 'STANDARD', 'DEEP_ARCHIVE'] as const
      const reads = async () => {
        for (let round = 0; round < 8; round++) {
          expect((await get(store, 'a')).equals(noise(3 * MIB))).toBe(true)
        }
      }
      const copies = async () => {
        for (let round = 0; round < 4; round++) await copy(store, 'a', `copy ${round}`)
      }
      const moves = async () => {
        for (const storageClass of classes) await move(store, 'a', storageClass)
      }
      const tags = [{ key: 'k', value: 'v' }]
      await Promise.all([
        reads(),
        copies(),
        moves(),
        store.putObjectTags({ bucket, key: key('a') }, tags),
      ])
      expect(await head(store, 'a')).toMatchObject({ storageClass: 'DEEP_ARCHIVE' })
      expect((await store.getObjectTags({ bucket, key: key('a') })).tags).toEqual(tags)
      for (let round = 0; round < 4; round++) {
        expect((await get(store, `copy ${round}`)).equals(noise(3 * MIB))).toBe(true)
      }
      expect((await bytesIn(store))[2]).toBeGreaterThanOrEqual(3 * MIB)
    }),
  )
}
