import { expect, it } from 'vitest'
import type { BucketName } from '../../../src/model/bucket-name.ts'
import {
  bodyOf,
  copy,
  failure,
  get,
  key,
  noise,
  open as openObject,
  put,
  remove,
  UploadClient,
} from '../../store/store-requests.ts'
import { type OpenSubject, onStore } from './subject.ts'

const MIB = 1024 * 1024
const jars = 'jars' as BucketName

export function copyCases(open: OpenSubject): void {
  it.each([0, 100, 200_000])('copies %i bytes and what goes with them', (size) =>
    onStore(open, async (store) => {
      const attributes = {
        headers: { contentType: 'text/x-clay' },
        metadata: new Map([['maker', 'me']]),
        storageClass: 'STANDARD_IA' as const,
        tags: [{ key: 'k', value: 'v' }],
      }
      const source = await put(store, 'a', noise(size), { attributes })
      const info = await copy(store, 'a', 'b')
      expect(info).toMatchObject({ key: 'b', size, etag: source.etag, checksum: source.checksum })
      expect((await openObject(store, 'b')).attributes).toEqual(attributes)
      expect((await get(store, 'b')).equals(noise(size))).toBe(true)
    })(),
  )

  it(
    'replaces what it is told to',
    onStore(open, async (store) => {
      const metadata = new Map([['maker', 'me']])
      const tags = [{ key: 'k', value: 'v' }]
      const headers = { contentType: 'a/b' }
      const attributes = { headers, metadata, storageClass: 'STANDARD' as const, tags }
      await put(store, 'a', 'x', { attributes })
      await copy(store, 'a', 'b', { metadata: new Map(), headers: {} })
      expect((await openObject(store, 'b')).attributes).toMatchObject({ metadata: new Map(), tags })
      await copy(store, 'a', 'b', { tags: [], storageClass: 'GLACIER' })
      expect((await openObject(store, 'b')).attributes).toEqual({
        headers,
        metadata,
        storageClass: 'GLACIER',
        tags: [],
      })
    }),
  )

  it(
    'outlives its source, and its source outlives it',
    onStore(open, async (store) => {
      await put(store, 'a', noise(200_000))
      await copy(store, 'a', 'b')
      await copy(store, 'b', 'c')
      await remove(store, 'a')
      expect((await get(store, 'c')).equals(noise(200_000))).toBe(true)
      await put(store, 'b', 'other')
      await copy(store, 'c', 'd')
      await remove(store, 'c')
      expect((await get(store, 'd')).equals(noise(200_000))).toBe(true)
      await remove(store, 'd')
      await remove(store, 'b')
    }),
  )

  it(
    'copies onto itself: new attributes and a new time, the same bytes',
    onStore(open, async (store) => {
      await put(store, 'a', noise(100_000))
      const metadata = new Map([['mtime', '1']])
      await copy(store, 'a', 'a', { metadata })
      await copy(store, 'a', 'b')
      await copy(store, 'a', 'a', { metadata: new Map() })
      await copy(store, 'b', 'a')
      expect((await get(store, 'a')).equals(noise(100_000))).toBe(true)
      expect((await openObject(store, 'b')).attributes.metadata).toEqual(metadata)
    }),
  )

  it(
    'copies between buckets',
    onStore(open, async (store) => {
      await store.createBucket(jars, { region: 'us-east-1' })
      await put(store, 'a', 'x')
      await copy(store, 'a', 'a', { bucket: jars })
      expect((await get(store, 'a', { bucket: jars })).toString()).toBe('x')
      await remove(store, 'a')
      expect((await store.usage(jars)).objects).toBe(1)
      const nowhere = copy(store, 'a', 'b', { bucket: 'none' as BucketName })
      expect(await failure(nowhere)).toBe('no-such-key')
    }),
  )

  it(
    'misses a source, a source bucket and a target bucket that are not there',
    onStore(open, async (store) => {
      await put(store, 'a', 'x')
      expect(await failure(copy(store, 'none', 'b'))).toBe('no-such-key')
      expect(await failure(copy(store, 'a', 'b', { bucket: jars }))).toBe('no-such-bucket')
      const source = { bucket: jars, key: key('a'), conditions: {} }
      expect(await failure(copy(store, 'a', 'b', { source }))).toBe('no-such-bucket')
    }),
  )

  it(
    'computes another checksum when asked for one',
    onStore(open, async (store) => {
      const bytes = noise(200_000)
      await put(store, 'a', bytes)
      const expected = await put(store, 'x', '', { body: bodyOf(bytes, { algorithm: 'SHA256' }) })
      const info = await copy(store, 'a', 'b', { checksumAlgorithm: 'SHA256' })
      expect(info.checksum).toEqual(expected.checksum)
      expect((await openObject(store, 'b')).checksum).toEqual(expected.checksum)
      expect((await get(store, 'b')).equals(bytes)).toBe(true)
      const same = await copy(store, 'a', 'c', { checksumAlgorithm: 'CRC64NVME' })
      expect(same.checksum).toEqual((await openObject(store, 'a')).checksum)
    }),
  )

  it.each([3, 9])('copies an object of %i parts, and its parts', (count) =>
    onStore(open, async (store) => {
      const parts = Array.from({ length: count }, (_, index) =>
        index === count - 1 ? noise(10, index) : noise(5 * MIB, index),
      )
      const upload = await UploadClient.start(store, 'a', {
        checksum: { algorithm: 'SHA256', type: 'COMPOSITE' },
      })
      const infos = []
      for (const [index, part] of parts.entries()) infos.push(await upload.part(index + 1, part))
      const made = await upload.complete(infos)
      expect(await copy(store, 'a', 'b')).toMatchObject({
        etag: made.etag,
        checksum: made.checksum,
      })
      const other = await copy(store, 'a', 'c', { checksumAlgorithm: 'CRC32' })
      expect(other.checksum).toMatchObject({ algorithm: 'CRC32', type: 'FULL_OBJECT' })
      await remove(store, 'a')
      expect((await get(store, 'b', { partNumber: 2 })).equals(parts[1]!)).toBe(true)
      expect((await get(store, 'c')).equals(Buffer.concat(parts))).toBe(true)
      await remove(store, 'b')
      const tail = await get(store, 'c', { range: { suffix: 20 } })
      expect(tail.equals(Buffer.concat(parts).subarray(-20))).toBe(true)
      await remove(store, 'c')
    })(),
  )

  it(
    'does not take a copy for the upload that made its source',
    onStore(open, async (store) => {
      const upload = await UploadClient.start(store, 'a')
      const parts = [await upload.part(1, 'x')]
      await upload.complete(parts)
      await copy(store, 'a', 'a', { metadata: new Map() })
      expect(await failure(upload.complete(parts))).toBe('no-such-upload')
    }),
  )
}
