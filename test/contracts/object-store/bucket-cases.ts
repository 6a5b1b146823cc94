import { expect, it } from 'vitest'
import type { BucketName } from '../../../src/model/bucket-name.ts'
import {
  bucket,
  failure,
  key,
  plain,
  put,
  remove,
  UploadClient,
} from '../../store/store-requests.ts'
import { type OpenSubject, onStore } from './subject.ts'

const named = (text: string) => text as BucketName
const region = { region: 'us-east-1' }

export function bucketCases(open: OpenSubject): void {
  it(
    'keeps what it was created with',
    onStore(open, async (store) => {
      await store.createBucket(named('jars'), { region: 'eu-north-1' })
      const info = await store.getBucket(named('jars'))
      expect(info).toMatchObject({ name: 'jars', region: 'eu-north-1' })
      expect(info.createdAt).toBeGreaterThan(0)
    }),
  )

  it(
    'refuses a name that is taken and misses one that is not',
    onStore(open, async (store) => {
      expect(await failure(store.createBucket(bucket, region))).toBe('bucket-exists')
      expect(await failure(store.getBucket(named('none')))).toBe('no-such-bucket')
      expect(await failure(store.deleteBucket(named('none')))).toBe('no-such-bucket')
      expect(await failure(store.usage(named('none')))).toBe('no-such-bucket')
    }),
  )

  it(
    'lists by name, by page and by prefix',
    onStore(open, async (store) => {
      for (const name of ['pots-2', 'aaa', 'zzz']) await store.createBucket(named(name), region)
      const pageOf = async (prefix: string, after: string, limit: number) => {
        const page = await store.listBuckets({ prefix, after, limit })
        return [...page.buckets.map((info) => info.name as string), page.isTruncated]
      }
      expect(await pageOf('', '', 100)).toEqual(['aaa', 'pots', 'pots-2', 'zzz', false])
      expect(await pageOf('', '', 2)).toEqual(['aaa', 'pots', true])
      expect(await pageOf('', 'pots', 2)).toEqual(['pots-2', 'zzz', false])
      expect(await pageOf('pots', '', 1)).toEqual(['pots', true])
      expect(await pageOf('pots', 'pots-2', 1)).toEqual([false])
      expect(await pageOf('', '', 0)).toEqual([false])
    }),
  )

  it(
    'deletes only a bucket without objects',
    onStore(open, async (store) => {
      await put(store, 'a', 'x')
      expect(await failure(store.deleteBucket(bucket))).toBe('bucket-not-empty')
      await remove(store, 'a')
      await store.deleteBucket(bucket)
      expect(await failure(store.getBucket(bucket))).toBe('no-such-bucket')
      expect(await failure(put(store, 'a', 'x'))).toBe('no-such-bucket')
    }),
  )

  it(
    'gives a bucket made again nothing of the old one',
    onStore(open, async (store) => {
      const upload = await UploadClient.start(store, 'a')
      await upload.part(1, 'left behind')
      await store.deleteBucket(bucket)
      await store.createBucket(bucket, region)
      expect(await failure(upload.part(2, 'late'))).toBe('no-such-upload')
      expect(await failure(upload.abort())).toBe('no-such-upload')
      expect(await store.usage(bucket)).toMatchObject({ uploads: 0, partBytes: 0 })
      const page = await store.listMultipartUploads({
        bucket,
        prefix: '',
        delimiter: '',
        afterKey: '',
        afterUploadId: '',
        limit: 10,
      })
      expect(page.uploads).toEqual([])
    }),
  )

  it(
    'keeps the objects of buckets apart',
    onStore(open, async (store) => {
      await store.createBucket(named('jars'), region)
      await put(store, 'a', 'in pots')
      await put(store, 'a', 'in jars', { bucket: named('jars') })
      await store.deleteObject({ bucket: named('jars'), key: key('a'), conditions: {} })
      expect((await store.usage(bucket)).objects).toBe(1)
      expect((await store.usage(named('jars'))).objects).toBe(0)
    }),
  )

  it(
    'answers no-such-bucket for everything in a bucket that is not there',
    onStore(open, async (store) => {
      const there = { bucket: named('none'), key: key('a') }
      const listing = { bucket: there.bucket, prefix: '', delimiter: '', limit: 1 }
      const checks = [
        put(store, 'a', 'x', there),
        store.deleteObject({ ...there, conditions: {} }),
        store.deleteObjects(there.bucket, [{ key: there.key }]),
        store.getObjectTags(there),
        store.putObjectTags(there, []),
        store.listObjects({ ...listing, after: '' }),
        store.listObjectVersions({ ...listing, afterKey: '', afterVersion: null }),
        store.putBucketVersioning(there.bucket, 'enabled'),
        store.listMultipartUploads({ ...listing, afterKey: '', afterUploadId: '' }),
        store.createMultipartUpload({ ...there, attributes: plain, checksum: null }),
        store.abortMultipartUpload(there.bucket, there.key, '0'.repeat(32)),
      ]
      for (const check of checks) expect(await failure(check)).toBe('no-such-bucket')
    }),
  )
}
