import { createHash } from 'node:crypto'
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { bucketName, refusal, useServer } from '../harness/fixture.ts'
import type { WireReply } from '../harness/wire.ts'
import { assertWellFormed, elements } from '../harness/xml.ts'

const varve = useServer()

async function filled(keys: readonly string[]): Promise<string> {
  const bucket = await varve.bucket()
  for (const key of keys) {
    await varve.sdk.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: key }))
  }
  return bucket
}

async function keysOf(bucket: string): Promise<(string | undefined)[]> {
  const page = await varve.sdk.send(new ListObjectsV2Command({ Bucket: bucket }))
  return (page.Contents ?? []).map((item) => item.Key)
}

describe('DeleteObject', () => {
  it('removes it from reads and lists at once, and a second time succeeds', async () => {
    const bucket = await filled(['a', 'b'])
    for (let turn = 0; turn < 2; turn++) {
      const reply = await varve.wire.send({ method: 'DELETE', path: `/${bucket}/a` })
      expect([reply.status, reply.body.length]).toEqual([204, 0])
      expect(await keysOf(bucket)).toEqual(['b'])
    }
    const head = varve.sdk.send(new HeadObjectCommand({ Bucket: bucket, Key: 'a' }))
    expect((await refusal(head)).status).toBe(404)
  })

  it('says so when there is no such bucket', async () => {
    const call = varve.sdk.send(new DeleteObjectCommand({ Bucket: bucketName(), Key: 'a' }))
    expect(await refusal(call)).toEqual({ code: 'NoSuchBucket', status: 404 })
  })

  it('only when the ETag matches, if asked', async () => {
    const bucket = await filled(['a'])
    const refused = await varve.wire.send({
      method: 'DELETE',
      path: `/${bucket}/a`,
      headers: { 'if-match': '"00000000000000000000000000000000"' },
    })
    expect([refused.status, refused.code]).toEqual([412, 'PreconditionFailed'])
    const etag = `"${createHash('md5').update('a').digest('hex')}"`
    const done = await varve.wire.send({
      method: 'DELETE',
      path: `/${bucket}/a`,
      headers: { 'if-match': etag },
    })
    expect(done.status).toBe(204)
    expect(await keysOf(bucket)).toEqual([])
  })
})

describe('DeleteObjects', () => {
  async function post(bucket: string, body: string, md5 = true): Promise<WireReply> {
    const digest = createHash('md5').update(body).digest('base64')
    const headers: Record<string, string> = md5 ? { 'content-md5': digest } : {}
    return await varve.wire.send({
      method: 'POST',
      path: `/${bucket}`,
      query: 'delete=',
      body,
      headers,
    })
  }
  const request = (keys: readonly string[], quiet = false) =>
    [
      '<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">',
      quiet ? '<Quiet>true</Quiet>' : '',
      ...keys.map((key) => `<Object><Key>${key}</Key></Object>`),
      '</Delete>',
    ].join('')

  it('removes what is named, in the order named, present or not', async () => {
    const bucket = await filled(['a', 'b', 'c'])
    const reply = await varve.sdk.send(
      new DeleteObjectsCommand({
        Bucket: bucket,
        Delete: { Objects: [{ Key: 'c' }, { Key: 'absent' }, { Key: 'a' }] },
      }),
    )
    expect(reply.Deleted?.map((item) => item.Key)).toEqual(['c', 'absent', 'a'])
    expect(reply.Errors ?? []).toEqual([])
    expect(await keysOf(bucket)).toEqual(['b'])
  })

  it('is silent about successes when asked', async () => {
    const bucket = await filled(['a', 'b'])
    const reply = await post(bucket, request(['a', 'b'], true))
    expect(reply.status).toBe(200)
    assertWellFormed(reply.text)
    expect(elements(reply.text, 'Deleted')).toEqual([])
    expect(await keysOf(bucket)).toEqual([])
  })

  it('reads keys exactly: digits, spaces, entities, character references', async () => {
    const bucket = await filled(['0123', ' padded ', 'a&b', 'x\ny', '1e3', 'true'])
    const body = request(['0123', ' padded ', 'a&amp;b', 'x&#10;y', '1e3', 'true'])
    const reply = await post(bucket, body)
    expect(reply.status).toBe(200)
    expect(await keysOf(bucket)).toEqual([])
    expect(elements(reply.text, 'Key')).toEqual(['0123', ' padded ', 'a&b', 'x\ny', '1e3', 'true'])
  })

  it('removes 1000 and refuses 1001', async () => {
    const bucket = await filled(['k999'])
    const keys = Array.from({ length: 1001 }, (_, at) => `k${at}`)
    const refused = await post(bucket, request(keys))
    expect([refused.status, refused.code]).toEqual([400, 'MalformedXML'])
    expect(await keysOf(bucket)).toEqual(['k999'])
    expect((await post(bucket, request(keys.slice(0, 1000)))).status).toBe(200)
    expect(await keysOf(bucket)).toEqual([])
  })

  it('accepts a checksum in place of Content-MD5 and needs one of them', async () => {
    const bucket = await filled(['a'])
    const body = request(['a'])
    const refused = await post(bucket, body, false)
    expect([refused.status, refused.code]).toEqual([400, 'InvalidRequest'])
    const sha256 = createHash('sha256').update(body).digest('base64')
    const headers = { 'x-amz-checksum-sha256': sha256 }
    const query = 'delete='
    const done = await varve.wire.send({ method: 'POST', path: `/${bucket}`, query, body, headers })
    expect(done.status).toBe(200)
    expect(await keysOf(bucket)).toEqual([])
  })

  it.each([
    ['nothing', ''],
    ['no document', 'delete everything'],
    ['an open element', '<Delete><Object><Key>a</Key></Object>'],
    ['another root', '<Remove><Object><Key>a</Key></Object></Remove>'],
    ['no objects', '<Delete></Delete>'],
    ['an object without a key', '<Delete><Object></Object></Delete>'],
    ['trailing data', '<Delete><Object><Key>a</Key></Object></Delete><more/>'],
    [
      'a document type',
      '<!DOCTYPE x [<!ENTITY e "a">]><Delete><Object><Key>a</Key></Object></Delete>',
    ],
  ])('refuses %s and removes nothing', async (_, body) => {
    const bucket = await filled(['a'])
    const reply = await post(bucket, body)
    expect([reply.status, reply.code]).toEqual([400, 'MalformedXML'])
    expect(await keysOf(bucket)).toEqual(['a'])
  })

  it('refuses a document that does not match its digest', async () => {
    const bucket = await filled(['a'])
    const headers = { 'content-md5': createHash('md5').update('other').digest('base64') }
    const body = request(['a'])
    const query = 'delete='
    const reply = await varve.wire.send({
      method: 'POST',
      path: `/${bucket}`,
      query,
      body,
      headers,
    })
    expect([reply.status, reply.code]).toEqual([400, 'BadDigest'])
    expect(await keysOf(bucket)).toEqual(['a'])
  })

  it('says so when there is no such bucket', async () => {
    const call = varve.sdk.send(
      new DeleteObjectsCommand({ Bucket: bucketName(), Delete: { Objects: [{ Key: 'a' }] } }),
    )
    expect(await refusal(call)).toEqual({ code: 'NoSuchBucket', status: 404 })
  })

  it('removes one key by its ETag and keeps another whose ETag differs', async () => {
    const bucket = await filled(['a', 'b'])
    const etag = `"${createHash('md5').update('a').digest('hex')}"`
    const reply = await varve.sdk.send(
      new DeleteObjectsCommand({
        Bucket: bucket,
        Delete: {
          Objects: [
            { Key: 'a', ETag: etag },
            { Key: 'b', ETag: etag },
          ],
        },
      }),
    )
    expect(reply.Deleted?.map((item) => item.Key)).toEqual(['a'])
    expect(reply.Errors?.map((item) => [item.Key, item.Code])).toEqual([
      ['b', 'PreconditionFailed'],
    ])
    expect(await keysOf(bucket)).toEqual(['b'])
  })
})
