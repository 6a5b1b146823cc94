import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refusal } from '../../http/support/refusal.ts'
import { S3Server } from '../../http/support/s3-server.ts'

const Bucket = 'copy-bucket'

let server: S3Server
beforeAll(async () => {
  server = await S3Server.open()
  await server.client.send(new CreateBucketCommand({ Bucket }))
})
afterAll(() => server[Symbol.asyncDispose]())

const put = (Key: string, Body: string, more: Partial<PutObjectCommandInput> = {}) =>
  server.client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }))
const get = (Key: string, more: Partial<GetObjectCommandInput> = {}) =>
  server.client.send(new GetObjectCommand({ Bucket, Key, ...more }))
const head = (Key: string, more: Partial<GetObjectCommandInput> = {}) =>
  server.client.send(new HeadObjectCommand({ Bucket, Key, ...more }))
const text = async (key: string) => (await get(key)).Body?.transformToString()

describe('copies', () => {
  const copy = (more: object) =>
    server.client.send(
      new CopyObjectCommand({ Bucket, Key: 'target', CopySource: `${Bucket}/source`, ...more }),
    )
  beforeAll(() =>
    put('source', 'copied', {
      Metadata: { a: '1' },
      ContentType: 'text/x',
      Tagging: 't=1',
      StorageClass: 'GLACIER_IR',
    }),
  )

  it('take metadata and tags along, not the storage class', async () => {
    const { CopyObjectResult } = await copy({})
    expect(CopyObjectResult?.ETag).toMatch(/^"[0-9a-f]{32}"$/)
    expect(CopyObjectResult?.LastModified).toBeInstanceOf(Date)
    const got = await get('target')
    expect(got).toMatchObject({ Metadata: { a: '1' }, ContentType: 'text/x', TagCount: 1 })
    expect(got.StorageClass).toBeUndefined()
    expect(await got.Body?.transformToString()).toBe('copied')
  })

  it('replace what they are told to', async () => {
    await copy({
      MetadataDirective: 'REPLACE',
      Metadata: { b: '2' },
      TaggingDirective: 'REPLACE',
      Tagging: '',
      StorageClass: 'ONEZONE_IA',
    })
    const got = await head('target')
    expect(got).toMatchObject({ Metadata: { b: '2' }, StorageClass: 'ONEZONE_IA' })
    expect(got.TagCount).toBeUndefined()
  })

  it('onto themselves need a change', async () => {
    const self = { Key: 'source' }
    expect(await refusal(copy(self))).toMatchObject({
      code: 'InvalidRequest',
      message: expect.stringContaining('copy an object to itself'),
    })
    await copy({ ...self, MetadataDirective: 'REPLACE', Metadata: { a: '2' } })
    expect((await head('source')).Metadata).toEqual({ a: '2' })
  })

  it('come from keys of all kinds', async () => {
    for (const key of ['a b+c', 'ü/日本', 'q?versionId=x', '100%']) {
      await put(key, key)
      await copy({ CopySource: `/${Bucket}/${encodeURIComponent(key)}` })
      expect(await text('target')).toBe(key)
    }
  })

  it('keep conditions on both ends', async () => {
    const { ETag } = await put('conditional', 'x')
    const from = { CopySource: `${Bucket}/conditional` }
    await copy({ ...from, CopySourceIfMatch: ETag })
    for (const condition of [
      { CopySourceIfMatch: '"other"' },
      { CopySourceIfNoneMatch: ETag },
      { CopySourceIfModifiedSince: new Date(Date.now() + 86_400_000) },
      { CopySourceIfUnmodifiedSince: new Date(0) },
      { IfNoneMatch: '*' },
    ]) {
      expect(await refusal(copy({ ...from, ...condition }))).toMatchObject({ status: 412 })
    }
  })

  it.each([
    ['a missing key', { CopySource: `${Bucket}/none` }, 'NoSuchKey'],
    ['a missing bucket', { CopySource: 'no-such-bucket/k' }, 'NoSuchBucket'],
    ['no key', { CopySource: Bucket }, 'InvalidArgument'],
    ['another version', { CopySource: `${Bucket}/source?versionId=abc` }, 'InvalidArgument'],
    ['an unknown directive', { MetadataDirective: 'MERGE' }, 'InvalidArgument'],
  ])('fail for %s', async (_name, more, code) => {
    expect((await refusal(copy(more))).code).toBe(code)
  })
})

describe('DeleteObjects', () => {
  const remove = (Objects: object[], more = {}) =>
    server.client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: Objects as never, ...more } }),
    )

  it('answers for each key', async () => {
    await put('many-1', 'x')
    const { ETag } = await put('many-2', 'x')
    await put('many-3', 'x')
    const result = await remove([
      { Key: 'many-1' },
      { Key: 'none' },
      { Key: 'many-2', ETag },
      { Key: 'many-3', ETag: '"other"' },
      { Key: 'many-3', VersionId: 'abc' },
      { Key: 'x'.repeat(1025) },
      { Key: 'many-3', Size: 99 },
    ])
    expect(result.Deleted?.map(({ Key }) => Key)).toEqual(['many-1', 'none', 'many-2'])
    expect(result.Errors?.map(({ Code }) => Code)).toEqual([
      'PreconditionFailed',
      'NoSuchVersion',
      'KeyTooLongError',
      'NotImplemented',
    ])
    expect(await text('many-3')).toBe('x')
  })

  it('tells only failures when quiet', async () => {
    await put('quiet', 'x')
    const result = await remove([{ Key: 'quiet' }, { Key: 'y'.repeat(1025) }], { Quiet: true })
    expect(result.Deleted).toBeUndefined()
    expect(result.Errors).toHaveLength(1)
  })

  it('takes up to 1000 keys', async () => {
    const keys = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ Key: `k${index}` }))
    expect((await remove(keys(1000))).Deleted).toHaveLength(1000)
    expect(await refusal(remove(keys(1001)))).toMatchObject({ status: 400, code: 'MalformedXML' })
    expect(await refusal(remove([]))).toMatchObject({ status: 400, code: 'MalformedXML' })
  })

  it('deletes keys with characters that XML cannot carry', async () => {
    const key = 'return\r<&>"'
    await put(key, 'x')
    const { Deleted } = await remove([{ Key: key }])
    expect(Deleted).toHaveLength(1)
    expect((await refusal(get(key))).code).toBe('NoSuchKey')
  })
})
