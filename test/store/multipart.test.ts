import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { LocalObjectStore } from '../../src/store/local-object-store.ts'
import { encodeRemovedBucket } from '../../src/store/rows/bucket-row.ts'
import { prefixRange } from '../../src/store/rows/keys.ts'
import { openMemoryStore } from './memory-subject.ts'
import {
  bucket,
  copy,
  failure,
  get,
  key,
  list,
  noise,
  open,
  put,
  remove,
  UploadClient,
} from './store-requests.ts'

const COUNT = 10_000
const partOf = (index: number) => noise(1 + (index % 7), index)

describe('an object of 10,000 parts', { timeout: 120_000 }, () => {
  it('is one commit to complete, to copy and to delete, and reads any range', async () => {
    const { store, catalog, audit } = await openMemoryStore({ partSizeMin: 1 })
    await store.createBucket(bucket, { region: 'x' })
    const upload = await UploadClient.start(store, 'a')
    const numbers = Array.from({ length: COUNT }, (_, index) => index)
    const infos = await Promise.all(numbers.map((index) => upload.part(index + 1, partOf(index))))
    const whole = Buffer.concat(numbers.map(partOf))

    const commitsOf = async (run: () => Promise<unknown>) => {
      const before = catalog.commits
      await run()
      return catalog.commits - before
    }
    expect(await commitsOf(() => upload.complete(infos))).toBe(1)
    await audit()
    expect((await get(store, 'a')).equals(whole)).toBe(true)
    for (const [start, end] of [
      [0, 0],
      [255 * 4, 258 * 4],
      [whole.length - 3, whole.length - 1],
      [1000, 30_000],
    ] as const) {
      const range = { start, end }
      expect((await get(store, 'a', { range })).equals(whole.subarray(start, end + 1))).toBe(true)
    }
    for (const partNumber of [1, 256, 257, 5000, COUNT]) {
      const read = await get(store, 'a', { partNumber })
      expect(read.equals(partOf(partNumber - 1))).toBe(true)
    }
    expect(await commitsOf(() => copy(store, 'a', 'b'))).toBe(1)
    expect(await commitsOf(() => remove(store, 'a'))).toBe(1)
    await audit()
    expect((await get(store, 'b')).equals(whole)).toBe(true)
    expect(await commitsOf(() => put(store, 'b', 'small'))).toBe(1)
    await audit()
  })

  it('keeps its parts out of the rows that LIST and HEAD read', async () => {
    const { store, catalog } = await openMemoryStore({ partSizeMin: 1 })
    await store.createBucket(bucket, { region: 'x' })
    const upload = await UploadClient.start(store, 'a')
    const infos = []
    for (let index = 0; index < 300; index++) infos.push(await upload.part(index + 1, 'x'))
    await upload.complete(infos)
    const sizes = (space: string) =>
      [...catalog.range(prefixRange(Buffer.from(space)))].map(({ value }) => value.length)
    expect(sizes('o')[0]).toBeLessThan(120)
    expect(sizes('l')).toHaveLength(2)
    expect((await list(store)).objects[0]?.size).toBe(300)
    expect((await open(store, 'a')).partsCount).toBe(300)
  })
})

describe('removing a bucket with uploads', () => {
  it('is finished at the next start when the process dies between', async () => {
    const { store, catalog, engine, audit } = await openMemoryStore()
    await store.createBucket(bucket, { region: 'x' })
    for (const name of ['a', 'b']) {
      await (await UploadClient.start(store, name)).part(1, noise(100_000))
    }
    // What deleteBucket commits first; everything after it did not happen.
    const removed = Buffer.from('6400000001', 'hex')
    await catalog.commit({
      deletes: [Buffer.from(`b${bucket}`)],
      puts: [{ key: removed, value: encodeRemovedBucket() }],
    })
    const parts = { catalog, engine, clock: systemClock, random: systemRandom }
    const again = await LocalObjectStore.open(parts)
    expect(await failure(again.getBucket(bucket))).toBe('no-such-bucket')
    expect([...catalog.range(prefixRange(Buffer.from('u')))]).toEqual([])
    expect(catalog.get(removed)).toBeNull()
    await audit()
  })

  it('frees every upload before it answers', async () => {
    const { store, catalog, audit } = await openMemoryStore()
    await store.createBucket(bucket, { region: 'x' })
    for (let index = 0; index < 20; index++) {
      const upload = await UploadClient.start(store, `${index % 4}`)
      await upload.part(1, 'x')
      await upload.part(2, noise(70_000))
    }
    await store.deleteBucket(bucket)
    for (const space of ['u', 'p', 'k', 'c', 'd']) {
      expect([...catalog.range(prefixRange(Buffer.from(space)))], space).toEqual([])
    }
    await audit()
  })
})

describe('blob labels', () => {
  it('say what a large blob was', async () => {
    const { store, engine } = await openMemoryStore()
    await store.createBucket(bucket, { region: 'x' })
    const attributes = {
      headers: { contentType: 'a/b' },
      metadata: new Map(),
      storageClass: 'STANDARD' as const,
      tags: [],
    }
    await put(store, 'käy', noise(100_000), { attributes })
    const label = [...engine.labels.values()][0]!
    expect(label.subarray(0, 2).toString('hex')).toBe('0101')
    expect(label.subarray(10).toString('hex')).toBe(
      `0400${hex('pots')}0400${hex('käy')}01` + `010300${hex('a/b')}000000`,
    )
  })

  it('leave out attributes that do not fit', async () => {
    const { store, engine } = await openMemoryStore()
    await store.createBucket(bucket, { region: 'x' })
    const headers = { cacheControl: 'x'.repeat(5000) }
    const attributes = { headers, metadata: new Map(), storageClass: 'STANDARD' as const, tags: [] }
    await put(store, 'a', noise(100_000), { attributes })
    const label = [...engine.labels.values()][0]!
    expect(label.subarray(10).toString('hex')).toBe(`0400${hex('pots')}0100${hex('a')}00`)
  })

  it('name the upload and the part of a large part', async () => {
    const { store, engine } = await openMemoryStore()
    await store.createBucket(bucket, { region: 'x' })
    const upload = await UploadClient.start(store, 'a')
    await upload.part(258, noise(100_000))
    const label = [...engine.labels.values()][0]!
    expect(label.subarray(0, 2).toString('hex')).toBe('0102')
    expect(label.subarray(10).toString('hex')).toBe(
      `0400${hex('pots')}0100${hex('a')}${upload.uploadId}0201`,
    )
  })
})

function hex(text: string): string {
  return Buffer.from(key(text)).toString('hex')
}
