import { expect, it } from 'vitest'
import type { ListUploadsQuery, ObjectStore } from '../../../src/store/object-store.ts'
import { bucket, key, md5, plain, UploadClient } from '../../store/store-requests.ts'
import { type OpenSubject, onStore } from './subject.ts'

export function multipartListingCases(open: OpenSubject): void {
  it(
    'lists parts by number and by page',
    onStore(open, async (store) => {
      const checksum = { algorithm: 'CRC32', type: 'COMPOSITE' } as const
      const attributes = { ...plain, storageClass: 'STANDARD_IA' as const }
      const upload = await UploadClient.start(store, 'a', { checksum, attributes })
      for (const partNumber of [10_000, 3, 300, 1]) await upload.part(partNumber, `${partNumber}`)
      const numbersOf = async (after: number, limit: number) => {
        const page = await upload.parts(after, limit)
        return [...page.parts.map((part) => part.partNumber), page.isTruncated]
      }
      expect(await numbersOf(0, 1000)).toEqual([1, 3, 300, 10_000, false])
      expect(await numbersOf(0, 2)).toEqual([1, 3, true])
      expect(await numbersOf(3, 2)).toEqual([300, 10_000, false])
      expect(await numbersOf(10_000, 2)).toEqual([false])
      expect(await numbersOf(0, 0)).toEqual([false])
      const page = await upload.parts()
      expect(page.upload).toMatchObject({ key: 'a', checksum, storageClass: 'STANDARD_IA' })
      const third = page.parts[1]
      expect(third).toMatchObject({ size: 1, etag: md5(Buffer.from('3')) })
      expect(third?.checksum?.algorithm).toBe('CRC32')
      await upload.abort()
    }),
  )

  it(
    'lists uploads by key and then by when they began',
    onStore(open, async (store) => {
      const ids = new Map<string, string[]>()
      for (const name of ['b', 'a', 'b', 'a/x', 'c\0d', '\u{1f3fa}', 'b']) {
        const { uploadId } = await UploadClient.start(store, name)
        ids.set(name, [...(ids.get(name) ?? []), uploadId])
      }
      const page = await uploadsOf(store)
      expect(page.uploads.map((upload) => upload.key)).toEqual([
        'a',
        'a/x',
        'b',
        'b',
        'b',
        'c\0d',
        '\u{1f3fa}',
      ])
      const bIds = page.uploads.filter((upload) => upload.key === 'b').map((one) => one.uploadId)
      expect([...bIds].sort()).toEqual([...(ids.get('b') ?? [])].sort())
      expect([...bIds].sort()).toEqual(bIds)
      expect(page).toMatchObject({ isTruncated: false, lastKey: '\u{1f3fa}' })
    }),
  )

  it(
    'pages through uploads of one key and of many',
    onStore(open, async (store) => {
      for (const name of ['a', 'b', 'b', 'b', 'c/1', 'c/2', 'd']) {
        await UploadClient.start(store, name)
      }
      const whole = await uploadsOf(store)
      for (const limit of [1, 2, 3, 6, 7]) {
        const seen: string[] = []
        let [afterKey, afterUploadId] = ['', '']
        for (;;) {
          const page = await uploadsOf(store, { limit, afterKey, afterUploadId })
          seen.push(...page.uploads.map((upload) => upload.uploadId))
          if (!page.isTruncated) break
          afterKey = page.lastKey ?? ''
          afterUploadId = page.lastUploadId ?? ''
        }
        expect(seen).toEqual(whole.uploads.map((upload) => upload.uploadId))
      }
      const marker = { afterKey: 'b', afterUploadId: 'zzz' }
      expect((await uploadsOf(store, marker)).uploads.map((one) => one.key)).toEqual([
        'c/1',
        'c/2',
        'd',
      ])
      expect((await uploadsOf(store, { ...marker, afterUploadId: '!' })).uploads).toHaveLength(6)
      const afterB = await uploadsOf(store, { afterKey: 'b' })
      expect(afterB.uploads.map((upload) => upload.key)).toEqual(['c/1', 'c/2', 'd'])
    }),
  )

  it(
    'folds uploads into common prefixes',
    onStore(open, async (store) => {
      for (const name of ['a/1', 'a/2', 'b', 'c/d/e', 'c/f']) await UploadClient.start(store, name)
      const shapeOf = async (query: Partial<ListUploadsQuery>) => {
        const page = await uploadsOf(store, query)
        return [page.uploads.map((one) => one.key as string), page.commonPrefixes, page.isTruncated]
      }
      expect(await shapeOf({ delimiter: '/' })).toEqual([['b'], ['a/', 'c/'], false])
      expect(await shapeOf({ delimiter: '/', limit: 1 })).toEqual([[], ['a/'], true])
      expect(await shapeOf({ delimiter: '/', limit: 2, afterKey: 'a/' })).toEqual([
        ['b'],
        ['c/'],
        false,
      ])
      expect(await shapeOf({ delimiter: '/', prefix: 'c/' })).toEqual([['c/f'], ['c/d/'], false])
      expect(await shapeOf({ prefix: 'a/', limit: 0 })).toEqual([[], [], false])
      const { uploadId } = (await uploadsOf(store)).uploads[0]!
      const inside = { delimiter: '/', afterKey: 'a/1', afterUploadId: uploadId }
      expect(await shapeOf(inside)).toEqual([['b'], ['c/'], false])
    }),
  )

  it(
    'shows an upload that ended no more',
    onStore(open, async (store) => {
      const one = await UploadClient.start(store, 'a')
      const two = await UploadClient.start(store, 'a')
      await one.complete([await one.part(1, 'x')])
      await two.abort()
      expect((await uploadsOf(store)).uploads).toEqual([])
      expect((await store.usage(bucket)).uploads).toBe(0)
    }),
  )
}

function uploadsOf(store: ObjectStore, query: Partial<ListUploadsQuery> = {}) {
  return store.listMultipartUploads({
    bucket,
    prefix: '',
    delimiter: '',
    afterKey: '',
    afterUploadId: '',
    limit: 1000,
    ...query,
    ...(query.afterKey !== undefined && { afterKey: key(query.afterKey) }),
  })
}
