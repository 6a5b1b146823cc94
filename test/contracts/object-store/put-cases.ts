import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { checksumAlgorithms } from '../../../src/model/checksum.ts'
import { KEY_SIZE_MAX } from '../../../src/model/object-key.ts'
import { storageClasses } from '../../../src/model/storage-class.ts'
import type { ObjectStore } from '../../../src/store/object-store.ts'
import {
  bodyOf,
  bucket,
  failure,
  get,
  key,
  keysOf,
  md5,
  noise,
  open as openObject,
  plain,
  put,
} from '../../store/store-requests.ts'
import { type OpenSubject, onStore } from './subject.ts'

/** Of "123456789", from the catalogue of CRC algorithms and FIPS 180 tools. */
const checksums = {
  CRC32: 'y/Q5Jg==',
  CRC32C: '4waSgw==',
  CRC64NVME: 'rosUhgp5mIg=',
  SHA1: '98O8HYCOBHMq32eZZczDTKeuNEE=',
  SHA256: 'FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=',
} as const

/** Around the inline threshold and the engine's chunk sizes. */
const sizes = [0, 1, 4095, 65_535, 65_536, 65_537, 1_048_576, 1_048_577, 2_500_000]

export function putCases(open: OpenSubject): void {
  it.each(sizes)('gives back every byte of a body of %i bytes', (size) =>
    onStore(open, async (store) => {
      const bytes = noise(size)
      const info = await put(store, 'a', bytes)
      expect(info).toMatchObject({ key: 'a', size, etag: md5(bytes), storageClass: 'STANDARD' })
      expect((await get(store, 'a')).equals(bytes)).toBe(true)
    })(),
  )

  it.each([1, 7, 4096, 100_000])('takes a body in pieces of %i bytes', (pieceSize) =>
    onStore(open, async (store) => {
      const bytes = noise(pieceSize === 1 ? 70_000 : 200_000)
      await put(store, 'a', bytes, { body: bodyOf(bytes, { pieceSize }) })
      expect((await get(store, 'a')).equals(bytes)).toBe(true)
      await put(store, 'b', bytes, { body: bodyOf(bytes, { pieceSize, size: null }) })
      expect((await get(store, 'b')).equals(bytes)).toBe(true)
    })(),
  )

  it(
    'takes any key: dots, slashes, zero bytes, astral characters, 1024 bytes',
    onStore(open, async (store) => {
      const names = [
        '../x',
        'a//b',
        '/',
        'a\0b',
        '\u{10ffff}',
        '\u{1f3fa}/\ufffd',
        'k'.repeat(KEY_SIZE_MAX),
      ]
      for (const name of names) await put(store, name, `body of ${name}`)
      for (const name of names) {
        expect((await get(store, name)).toString()).toBe(`body of ${name}`)
      }
      expect([...(await keysOf(store))].sort()).toEqual([...names].sort())
    }),
  )

  it(
    'keeps headers, metadata, tags and storage class',
    onStore(open, async (store) => {
      const attributes = {
        headers: {
          contentType: 'text/plain',
          cacheControl: 'no-store',
          contentDisposition: 'attachment',
          contentEncoding: 'gzip',
          contentLanguage: 'sv',
          expires: 'Thu, 01 Dec 1994 16:00:00 GMT',
          websiteRedirectLocation: '/there',
        },
        metadata: new Map([
          ['__proto__', 'x'],
          ['maker', 'é'],
          ['empty', ''],
        ]),
        storageClass: 'GLACIER_IR' as const,
        tags: [{ key: 'fired', value: 'twice' }],
      }
      await put(store, 'a', 'x', { attributes })
      const head = await openObject(store, 'a')
      expect(head.attributes).toEqual(attributes)
      const tagged = await store.getObjectTags({ bucket, key: key('a') })
      expect(tagged.tags).toEqual(attributes.tags)
    }),
  )

  it.each(storageClasses)('keeps storage class %s', (storageClass) =>
    onStore(open, async (store) => {
      await put(store, 'a', 'x', { attributes: { ...plain, storageClass } })
      expect((await openObject(store, 'a')).storageClass).toBe(storageClass)
    })(),
  )

  it.each(checksumAlgorithms)('computes and compares %s', (algorithm) =>
    onStore(open, async (store) => {
      const expected = checksums[algorithm]
      const body = () => bodyOf('123456789', { algorithm, expected })
      const info = await put(store, 'a', '', { body: body() })
      expect(info.checksum).toEqual({ algorithm, type: 'FULL_OBJECT', value: expected })
      expect((await openObject(store, 'a')).checksum).toEqual(info.checksum)
      const wrong = bodyOf('12345678', { algorithm, expected })
      expect(await failure(put(store, 'b', '', { body: wrong }))).toBe('bad-digest')
      const large = bodyOf(noise(200_000), { algorithm, expected })
      expect(await failure(put(store, 'b', '', { body: large }))).toBe('bad-digest')
      expect(await keysOf(store)).toEqual(['a'])
    })(),
  )

  it.each(checksumAlgorithms)('has one %s for a body at once and in pieces', (algorithm) =>
    onStore(open, async (store) => {
      const small = noise(60_000)
      const whole = await put(store, 'a', '', { body: bodyOf(small, { algorithm }) })
      const large = Buffer.concat([small, noise(90_000, 2)])
      const streamed = bodyOf(large, { algorithm, pieceSize: 9_999 })
      const value = (await put(store, 'b', '', { body: streamed })).checksum?.value
      expect(value).not.toBe(whole.checksum?.value)
      const again = bodyOf(large, { algorithm, pieceSize: 150_000, expected: value ?? '' })
      await put(store, 'c', '', { body: again })
    })(),
  )

  it(
    'adds CRC64NVME when the client asks for no checksum',
    onStore(open, async (store) => {
      const info = await put(store, 'a', '123456789')
      const value = checksums.CRC64NVME
      expect(info.checksum).toEqual({ algorithm: 'CRC64NVME', type: 'FULL_OBJECT', value })
    }),
  )

  it(
    'compares Content-MD5',
    onStore(open, async (store) => {
      const contentMd5 = createHash('md5').update('yes').digest()
      await put(store, 'a', '', { body: bodyOf('yes', { contentMd5 }) })
      expect(await failure(put(store, 'b', '', { body: bodyOf('no', { contentMd5 }) }))).toBe(
        'bad-digest',
      )
      expect(await keysOf(store)).toEqual(['a'])
    }),
  )

  it.each([100, 100_000])('refuses a body of %i bytes that is not as long as declared', (size) =>
    onStore(open, async (store) => {
      await put(store, 'a', 'before')
      for (const declared of [size - 1, size + 1, 0]) {
        const body = bodyOf(noise(size), { size: declared })
        expect(await failure(put(store, 'a', '', { body }))).toBe('incomplete-body')
      }
      expect((await get(store, 'a')).toString()).toBe('before')
    })(),
  )

  it.each([100, 200_000])('stores nothing when a body of %i bytes breaks off', (size) =>
    onStore(open, async (store) => {
      await put(store, 'a', 'before')
      async function* broken() {
        yield noise(size)
        throw new Error('the client went away')
      }
      const body = { ...bodyOf(''), stream: broken(), size: null }
      expect(await failure(put(store, 'a', '', { body }))).toContain('the client went away')
      expect((await get(store, 'a')).toString()).toBe('before')
      expect(await keysOf(store)).toEqual(['a'])
    })(),
  )

  it(
    'lets go of the body stream whatever happens',
    onStore(open, async (store) => {
      for (const [size, declared] of [
        [10, 5],
        [300_000, 200_000],
        [300_000, 300_000],
      ] as const) {
        let isClosed = false
        async function* watched() {
          try {
            for (let at = 0; at < size; at += 50_000) yield noise(Math.min(50_000, size - at))
          } finally {
            isClosed = true
          }
        }
        const body = { ...bodyOf(''), stream: watched(), size: declared }
        await failure(put(store, 'a', '', { body }))
        expect(isClosed).toBe(true)
      }
    }),
  )

  it(
    'replaces an object, bytes and attributes',
    onStore(open, async (store) => {
      const attributes = { ...plain, metadata: new Map([['a', 'b']]) }
      await put(store, 'a', noise(100_000), { attributes })
      await put(store, 'a', 'second')
      expect((await get(store, 'a')).toString()).toBe('second')
      expect((await openObject(store, 'a')).attributes).toEqual(plain)
      await put(store, 'a', '')
      expect((await get(store, 'a')).length).toBe(0)
    }),
  )

  it(
    'changes tags and nothing else',
    onStore(open, async (store) => {
      const before = await put(store, 'a', noise(100_000))
      const tags = [
        { key: 'x', value: '' },
        { key: 'ü', value: 'y' },
      ]
      const object = { bucket, key: key('a') }
      await store.putObjectTags(object, tags)
      const after = await openObject(store, 'a')
      expect(after.attributes.tags).toEqual(tags)
      expect(after).toMatchObject({ etag: before.etag, lastModified: before.lastModified })
      await store.putObjectTags(object, [])
      expect(await store.getObjectTags(object)).toEqual({ tags: [], versionId: null })
      await expectNoKey(store)
    }),
  )
}

async function expectNoKey(store: ObjectStore): Promise<void> {
  const none = { bucket, key: key('none') }
  expect(await failure(store.getObjectTags(none))).toBe('no-such-key')
  expect(await failure(store.putObjectTags(none, []))).toBe('no-such-key')
}
