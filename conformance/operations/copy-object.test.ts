import {
  CopyObjectCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { bucketName, pseudoRandomBytes, refusal, useServer } from '../harness/fixture.ts'
import { uriEncode } from '../harness/sigv4.ts'
import { element } from '../harness/xml.ts'

const varve = useServer()

async function source(body: string | Uint8Array = 'source'): Promise<string> {
  const bucket = await varve.bucket()
  await varve.sdk.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: 'from',
      Body: body,
      ContentType: 'text/plain',
      CacheControl: 'no-cache',
      Metadata: { color: 'blue' },
      Tagging: 'a=1&b=2',
    }),
  )
  return bucket
}

async function text(bucket: string, key: string): Promise<string | undefined> {
  const reply = await varve.sdk.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
  return await reply.Body?.transformToString()
}

describe('CopyObject', () => {
  it('copies bytes, headers, metadata and tags', async () => {
    const bucket = await source()
    const copy = await varve.sdk.send(
      new CopyObjectCommand({ Bucket: bucket, Key: 'to', CopySource: `${bucket}/from` }),
    )
    const head = await varve.sdk.send(new HeadObjectCommand({ Bucket: bucket, Key: 'to' }))
    expect(copy.CopyObjectResult?.ETag).toBe(head.ETag)
    expect(head).toMatchObject({ ContentType: 'text/plain', CacheControl: 'no-cache' })
    expect(head.Metadata).toEqual({ color: 'blue' })
    expect(await text(bucket, 'to')).toBe('source')
    const tags = await varve.sdk.send(new GetObjectTaggingCommand({ Bucket: bucket, Key: 'to' }))
    expect(tags.TagSet).toEqual([
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: '2' },
    ])
  })

  it('outlives its source, large and small, and the other way round', async () => {
    for (const size of [10, 5_000_000]) {
      const body = pseudoRandomBytes(size, size)
      const bucket = await source(body)
      const other = await varve.bucket()
      const from = `${bucket}/from`
      await varve.sdk.send(new CopyObjectCommand({ Bucket: other, Key: 'x', CopySource: from }))
      await varve.sdk.send(new CopyObjectCommand({ Bucket: other, Key: 'y', CopySource: from }))
      await varve.wire.send({ method: 'DELETE', path: `/${bucket}/from` })
      await varve.wire.send({ method: 'DELETE', path: `/${other}/x` })
      const reply = await varve.wire.send({ method: 'GET', path: `/${other}/y` })
      expect(reply.body.equals(body)).toBe(true)
    }
  })

  it('replaces headers, metadata and tags when told to', async () => {
    const bucket = await source()
    await varve.sdk.send(
      new CopyObjectCommand({
        Bucket: bucket,
        Key: 'to',
        CopySource: `${bucket}/from`,
        MetadataDirective: 'REPLACE',
        TaggingDirective: 'REPLACE',
        ContentType: 'text/css',
        Metadata: { shape: 'round' },
        Tagging: 'c=3',
      }),
    )
    const head = await varve.sdk.send(new HeadObjectCommand({ Bucket: bucket, Key: 'to' }))
    expect(head.ContentType).toBe('text/css')
    expect(head.CacheControl).toBeUndefined()
    expect(head.Metadata).toEqual({ shape: 'round' })
    const tags = await varve.sdk.send(new GetObjectTaggingCommand({ Bucket: bucket, Key: 'to' }))
    expect(tags.TagSet).toEqual([{ Key: 'c', Value: '3' }])
  })

  it('onto itself only when it changes something', async () => {
    const bucket = await source()
    const onto = { Bucket: bucket, Key: 'from', CopySource: `${bucket}/from` }
    expect(await refusal(varve.sdk.send(new CopyObjectCommand(onto)))).toEqual({
      code: 'InvalidRequest',
      status: 400,
    })
    await varve.sdk.send(
      new CopyObjectCommand({ ...onto, MetadataDirective: 'REPLACE', Metadata: { new: 'yes' } }),
    )
    const head = await varve.sdk.send(new HeadObjectCommand({ Bucket: bucket, Key: 'from' }))
    expect(head.Metadata).toEqual({ new: 'yes' })
    expect(await text(bucket, 'from')).toBe('source')
  })

  it('understands every spelling of the source', async () => {
    const bucket = await varve.bucket()
    const key = 'ü/a b+c%d&e'
    await varve.sdk.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'odd' }))
    const encoded = `${bucket}/${uriEncode(key, true)}`
    const whole = uriEncode(`${bucket}/${key}`)
    for (const spelling of [encoded, `/${encoded}`, whole, `/${whole}`]) {
      const headers = { 'x-amz-copy-source': spelling }
      const reply = await varve.wire.send({ method: 'PUT', path: `/${bucket}/to`, headers })
      expect([spelling, reply.status]).toEqual([spelling, 200])
      expect(await text(bucket, 'to')).toBe('odd')
      await varve.wire.send({ method: 'DELETE', path: `/${bucket}/to` })
    }
  })

  it.each([
    ['nonsense', 400, 'InvalidArgument'],
    ['', 400, 'InvalidArgument'],
    ['/', 400, 'InvalidArgument'],
  ])('refuses the source %j', async (spelling, status, code) => {
    const bucket = await varve.bucket()
    const headers = { 'x-amz-copy-source': spelling }
    const reply = await varve.wire.send({ method: 'PUT', path: `/${bucket}/to`, headers })
    expect([reply.status, reply.code]).toEqual([status, code])
  })

  it('says which is missing: source key, source bucket, target bucket', async () => {
    const bucket = await source()
    const copy = (Bucket: string, CopySource: string) =>
      refusal(varve.sdk.send(new CopyObjectCommand({ Bucket, Key: 'to', CopySource })))
    expect((await copy(bucket, `${bucket}/absent`)).code).toBe('NoSuchKey')
    expect((await copy(bucket, `${bucketName()}/from`)).code).toBe('NoSuchBucket')
    expect((await copy(bucketName(), `${bucket}/from`)).code).toBe('NoSuchBucket')
  })

  it('honours conditions on the source', async () => {
    const bucket = await source()
    const head = await varve.sdk.send(new HeadObjectCommand({ Bucket: bucket, Key: 'from' }))
    const base = { Bucket: bucket, Key: 'to', CopySource: `${bucket}/from` }
    const old = new Date(Date.now() - 86_400_000)
    for (const condition of [
      { CopySourceIfMatch: '"00000000000000000000000000000000"' },
      { CopySourceIfNoneMatch: head.ETag },
      { CopySourceIfUnmodifiedSince: old },
    ]) {
      const call = varve.sdk.send(new CopyObjectCommand({ ...base, ...condition }))
      expect(await refusal(call)).toEqual({ code: 'PreconditionFailed', status: 412 })
    }
    for (const condition of [
      { CopySourceIfMatch: head.ETag },
      { CopySourceIfModifiedSince: old },
      { CopySourceIfMatch: head.ETag, CopySourceIfUnmodifiedSince: old },
    ]) {
      await varve.sdk.send(new CopyObjectCommand({ ...base, ...condition }))
    }
  })

  it('honours conditions on the target', async () => {
    const bucket = await source()
    const put = async (headers: Record<string, string>) =>
      await varve.wire.send({
        method: 'PUT',
        path: `/${bucket}/to`,
        headers: { 'x-amz-copy-source': `${bucket}/from`, ...headers },
      })
    expect((await put({ 'if-none-match': '*' })).status).toBe(200)
    const second = await put({ 'if-none-match': '*' })
    expect([second.status, second.code]).toEqual([412, 'PreconditionFailed'])
  })

  it('answers with a document of its own', async () => {
    const bucket = await source()
    const headers = { 'x-amz-copy-source': `${bucket}/from` }
    const reply = await varve.wire.send({ method: 'PUT', path: `/${bucket}/to`, headers })
    expect(reply.headers['content-type']).toBe('application/xml')
    expect(element(reply.text, 'ETag')).toBe('"36cd38f49b9afa08222c0dc9ebfe35eb"')
    expect(element(reply.text, 'LastModified')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  })

  it('refuses metadata directives that are none', async () => {
    const bucket = await source()
    const headers = {
      'x-amz-copy-source': `${bucket}/from`,
      'x-amz-metadata-directive': 'MERGE',
    }
    const reply = await varve.wire.send({ method: 'PUT', path: `/${bucket}/to`, headers })
    expect([reply.status, reply.code]).toEqual([400, 'InvalidArgument'])
  })
})
