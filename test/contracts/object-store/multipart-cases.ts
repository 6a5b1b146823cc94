import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import type { PartInfo } from '../../../src/store/object-store.ts'
import {
  bodyOf,
  bucket,
  bytesOf,
  failure,
  get,
  key,
  keysOf,
  md5,
  neverAborted,
  noise,
  open as openObject,
  put,
  UploadClient,
} from '../../store/store-requests.ts'
import { type OpenSubject, onStore } from './subject.ts'

const MIB = 1024 * 1024
const unknownId = '0'.repeat(32)

export function multipartCases(open: OpenSubject): void {
  it(
    'makes an object of parts, uploaded in any order',
    onStore(open, async (store) => {
      const attributes = {
        headers: { contentType: 'a/b' },
        metadata: new Map([['k', 'v']]),
        storageClass: 'GLACIER_IR' as const,
        tags: [{ key: 't', value: 'u' }],
      }
      const upload = await UploadClient.start(store, 'a', { attributes })
      const contents = [noise(5 * MIB, 1), noise(6 * MIB, 2), noise(3, 3)]
      const infos: PartInfo[] = []
      for (const index of [2, 0, 1]) infos[index] = await upload.part(index + 1, contents[index]!)
      expect(infos.map(({ etag }) => etag)).toEqual(contents.map((content) => md5(content)))
      expect(await keysOf(store)).toEqual([])
      const info = await upload.complete(infos)
      expect(info).toMatchObject({
        etag: `${md5(Buffer.concat(contents.map(rawMd5)))}-3`,
        size: 11 * MIB + 3,
        storageClass: 'GLACIER_IR',
      })
      const reader = await openObject(store, 'a')
      expect(reader).toMatchObject({ attributes, partsCount: 3, etag: info.etag })
      expect((await bytesOf(reader.body)).equals(Buffer.concat(contents))).toBe(true)
    }),
  )

  it(
    'reads ranges across parts',
    onStore(open, async (store) => {
      const contents = [noise(5 * MIB, 1), noise(5 * MIB, 2), noise(70_000, 3)]
      const upload = await UploadClient.start(store, 'a')
      const infos = []
      for (const [index, content] of contents.entries()) {
        infos.push(await upload.part(10 * (index + 1), content))
      }
      await upload.complete(infos)
      const whole = Buffer.concat(contents)
      for (const [start, end] of [
        [0, 0],
        [5 * MIB - 1, 5 * MIB],
        [5 * MIB, 10 * MIB - 1],
        [4 * MIB, whole.length - 1],
        [10 * MIB, 10 * MIB + 5],
      ] as const) {
        const range = { start, end }
        expect((await get(store, 'a', { range })).equals(whole.subarray(start, end + 1))).toBe(true)
      }
    }),
  )

  it(
    'replaces parts, and takes only the listed ones',
    onStore(open, async (store) => {
      const upload = await UploadClient.start(store, 'a')
      const first = await upload.part(1, noise(5 * MIB, 1))
      await upload.part(2, noise(100_000, 2))
      const second = await upload.part(2, 'replaced')
      await upload.part(3, noise(100_000, 3))
      expect((await store.usage(bucket)).partBytes).toBe(5 * MIB + 8 + 100_000)
      await upload.complete([first, second])
      expect((await get(store, 'a', { range: { suffix: 8 } })).toString()).toBe('replaced')
      expect(await store.usage(bucket)).toMatchObject({ uploads: 0, partBytes: 0, objects: 1 })
    }),
  )

  it(
    'takes one part of any size, even none',
    onStore(open, async (store) => {
      for (const content of ['', 'x', noise(100_000)]) {
        const upload = await UploadClient.start(store, 'a')
        const info = await upload.complete([await upload.part(1, content)])
        expect(info.size).toBe(content.length)
        expect(info.etag.endsWith('-1')).toBe(true)
        const reader = await openObject(store, 'a', { partNumber: 1 })
        expect(reader.partsCount).toBe(1)
        expect((await bytesOf(reader.body)).equals(Buffer.from(content as Buffer))).toBe(true)
      }
    }),
  )

  it(
    'refuses wrong lists of parts, and the upload lives on',
    onStore(open, async (store) => {
      const upload = await UploadClient.start(store, 'a')
      const one = await upload.part(1, noise(5 * MIB))
      const two = await upload.part(2, 'small')
      const three = await upload.part(3, 'last')
      expect(await failure(upload.complete([two, one]))).toBe('invalid-part-order')
      expect(await failure(upload.complete([one, one]))).toBe('invalid-part-order')
      expect(await failure(upload.complete([one, { ...two, etag: one.etag }]))).toBe('invalid-part')
      expect(await failure(upload.complete([one, { ...two, partNumber: 4 }]))).toBe('invalid-part')
      expect(await failure(upload.complete([one, two, three]))).toBe('part-too-small')
      expect(await failure(upload.complete([]))).toBe('invalid-request')
      const size = 5 * MIB + 4
      expect(await failure(upload.complete([one, three], { size: size + 1 }))).toBe(
        'invalid-request',
      )
      expect(await keysOf(store)).toEqual([])
      await upload.complete([one, three], { size })
    }),
  )

  it(
    'completes twice with the same answer, and not with another list',
    onStore(open, async (store) => {
      const upload = await UploadClient.start(store, 'a')
      const parts = [await upload.part(1, noise(5 * MIB)), await upload.part(2, 'x')]
      const made = await upload.complete(parts)
      expect(await upload.complete(parts)).toEqual(made)
      expect(await failure(upload.complete(parts.slice(0, 1)))).toBe('no-such-upload')
      await put(store, 'a', 'other')
      expect(await failure(upload.complete(parts))).toBe('no-such-upload')
      expect((await get(store, 'a')).toString()).toBe('other')
    }),
  )

  it(
    'forgets an aborted upload',
    onStore(open, async (store) => {
      const upload = await UploadClient.start(store, 'a')
      const parts = [await upload.part(1, noise(100_000)), await upload.part(2, 'x')]
      await upload.abort()
      expect(await failure(upload.abort())).toBe('no-such-upload')
      expect(await failure(upload.part(3, 'x'))).toBe('no-such-upload')
      expect(await failure(upload.complete(parts))).toBe('no-such-upload')
      expect(await failure(upload.parts())).toBe('no-such-upload')
      expect(await store.usage(bucket)).toMatchObject({ uploads: 0, partBytes: 0, objects: 0 })
    }),
  )

  it(
    'knows an upload by bucket, key and id together',
    onStore(open, async (store) => {
      const upload = await UploadClient.start(store, 'a')
      const abort = (name: string, id: string) =>
        failure(store.abortMultipartUpload(bucket, key(name), id))
      expect(await abort('b', upload.uploadId)).toBe('no-such-upload')
      expect(await abort('a', unknownId)).toBe('no-such-upload')
      expect(await abort('a', '')).toBe('no-such-upload')
      expect(await abort('a', upload.uploadId.toUpperCase().replace(/^\w/, 'X'))).toBe(
        'no-such-upload',
      )
      await upload.abort()
    }),
  )

  it(
    'stores nothing of a part that is refused',
    onStore(open, async (store) => {
      const upload = await UploadClient.start(store, 'a')
      const contentMd5 = createHash('md5').update('other').digest()
      for (const content of ['x', noise(100_000)]) {
        const body = bodyOf(content, { contentMd5 })
        expect(await failure(upload.part(1, '', body))).toBe('bad-digest')
        const short = bodyOf(content, { size: content.length + 1 })
        expect(await failure(upload.part(1, '', short))).toBe('incomplete-body')
      }
      expect((await upload.parts()).parts).toEqual([])
    }),
  )

  it(
    'copies parts from objects',
    onStore(open, async (store) => {
      const source = noise(6 * MIB)
      const { etag } = await put(store, 'source', source)
      const upload = await UploadClient.start(store, 'a')
      const copyPart = (
        partNumber: number,
        range: { readonly start: number; readonly end: number } | null,
        conditions = {},
        name = 'source',
      ) =>
        store.uploadPartCopy({
          source: { bucket, key: key(name), conditions },
          range,
          bucket,
          key: key('a'),
          uploadId: upload.uploadId,
          partNumber,
          signal: neverAborted,
        })
      const one = await copyPart(1, null)
      expect(one).toMatchObject({ size: 6 * MIB, etag })
      const two = await copyPart(2, { start: 10, end: 19 }, { ifMatch: [etag] })
      expect(await failure(copyPart(3, { start: 0, end: 6 * MIB }))).toBe('range-not-satisfiable')
      expect(await failure(copyPart(3, { start: 5, end: 4 }))).toBe('range-not-satisfiable')
      expect(await failure(copyPart(3, null, { ifMatch: ['x'] }))).toBe('precondition-failed')
      expect(await failure(copyPart(3, null, { ifNoneMatch: [etag] }))).toBe('precondition-failed')
      expect(await failure(copyPart(3, null, {}, 'none'))).toBe('no-such-key')
      await upload.complete([one, two])
      const expected = Buffer.concat([source, source.subarray(10, 20)])
      expect((await get(store, 'a')).equals(expected)).toBe(true)
    }),
  )
}

function rawMd5(content: Buffer): Buffer {
  return createHash('md5').update(content).digest()
}
