import {
  DeleteObjectTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { refusal, useServer } from '../harness/fixture.ts'

const varve = useServer()

async function tagged(tagging?: string): Promise<{ Bucket: string; Key: string }> {
  const Bucket = await varve.bucket()
  const put = { Bucket, Key: 'k', Body: 'x', ...(tagging !== undefined && { Tagging: tagging }) }
  await varve.sdk.send(new PutObjectCommand(put))
  return { Bucket, Key: 'k' }
}

async function tagsOf(target: { Bucket: string; Key: string }): Promise<unknown> {
  return (await varve.sdk.send(new GetObjectTaggingCommand(target))).TagSet
}

const set = (...pairs: (readonly [string, string])[]) =>
  pairs.map(([Key, Value]) => ({ Key, Value }))

describe('GetObjectTagging', () => {
  it('is an empty set when nobody tagged', async () => {
    expect(await tagsOf(await tagged())).toEqual([])
  })

  it('gives back what the header of PutObject said', async () => {
    const target = await tagged('a=1&b%20b=%C3%BC%2B&empty=')
    expect(await tagsOf(target)).toEqual(set(['a', '1'], ['b b', 'ü+'], ['empty', '']))
  })

  it('counts them in GetObject, and does not when there are none', async () => {
    const two = await tagged('a=1&b=2')
    expect((await varve.sdk.send(new GetObjectCommand(two))).TagCount).toBe(2)
    expect((await varve.sdk.send(new GetObjectCommand(await tagged()))).TagCount).toBeUndefined()
  })

  it('says so when there is no such key', async () => {
    const Bucket = await varve.bucket()
    const call = varve.sdk.send(new GetObjectTaggingCommand({ Bucket, Key: 'absent' }))
    expect(await refusal(call)).toEqual({ code: 'NoSuchKey', status: 404 })
  })
})

describe('PutObjectTagging', () => {
  it('replaces the set and leaves the object alone', async () => {
    const target = await tagged('old=1')
    const before = await varve.sdk.send(new HeadObjectCommand(target))
    const TagSet = set(['new', '2'], ['other', ''])
    await varve.sdk.send(new PutObjectTaggingCommand({ ...target, Tagging: { TagSet } }))
    expect(await tagsOf(target)).toEqual(TagSet)
    const after = await varve.sdk.send(new HeadObjectCommand(target))
    expect([after.ETag, after.LastModified]).toEqual([before.ETag, before.LastModified])
  })

  it('takes ten tags and refuses eleven', async () => {
    const target = await tagged()
    const many = (count: number) =>
      set(...Array.from({ length: count }, (_, at) => [`k${at}`, 'v'] as const))
    const put = async (count: number) =>
      await varve.sdk.send(
        new PutObjectTaggingCommand({ ...target, Tagging: { TagSet: many(count) } }),
      )
    await put(10)
    expect(await refusal(put(11))).toEqual({ code: 'InvalidTag', status: 400 })
    expect(await tagsOf(target)).toEqual(many(10))
  })

  it.each([
    ['a key over 128 characters', set(['k'.repeat(129), 'v'])],
    ['a value over 256 characters', set(['k', 'v'.repeat(257)])],
    ['an empty key', set(['', 'v'])],
    ['a key twice', set(['k', '1'], ['k', '2'])],
  ])('refuses %s', async (_, TagSet) => {
    const target = await tagged('kept=1')
    const call = varve.sdk.send(new PutObjectTaggingCommand({ ...target, Tagging: { TagSet } }))
    expect(await refusal(call)).toEqual({ code: 'InvalidTag', status: 400 })
    expect(await tagsOf(target)).toEqual(set(['kept', '1']))
  })

  it('takes the longest key and value', async () => {
    const target = await tagged()
    const TagSet = set(['k'.repeat(128), 'v'.repeat(256)])
    await varve.sdk.send(new PutObjectTaggingCommand({ ...target, Tagging: { TagSet } }))
    expect(await tagsOf(target)).toEqual(TagSet)
  })

  it('refuses a document that is none', async () => {
    const { Bucket, Key } = await tagged('kept=1')
    const path = `/${Bucket}/${Key}`
    const query = 'tagging='
    const body = '<Tagging><TagSet><Tag><Key>a</Key></TagSet></Tagging>'
    const reply = await varve.wire.send({ method: 'PUT', path, query, body })
    expect([reply.status, reply.code]).toEqual([400, 'MalformedXML'])
    expect(await tagsOf({ Bucket, Key })).toEqual(set(['kept', '1']))
  })
})

describe('DeleteObjectTagging', () => {
  it('removes the tags and keeps the object', async () => {
    const target = await tagged('a=1')
    const reply = await varve.wire.send({
      method: 'DELETE',
      path: `/${target.Bucket}/${target.Key}`,
      query: 'tagging=',
    })
    expect(reply.status).toBe(204)
    expect(await tagsOf(target)).toEqual([])
    await varve.sdk.send(new DeleteObjectTaggingCommand(target))
    expect((await varve.sdk.send(new HeadObjectCommand(target))).ContentLength).toBe(1)
  })
})

describe('PutObject with x-amz-tagging', () => {
  it.each([
    ['a=1&a=2', 'InvalidArgument'],
    [Array.from({ length: 11 }, (_, at) => `k${at}=v`).join('&'), 'InvalidTag'],
    [`${'k'.repeat(129)}=v`, 'InvalidTag'],
  ])('refuses %s and stores nothing', async (tagging, code) => {
    const bucket = await varve.bucket()
    const path = `/${bucket}/k`
    const headers = { 'x-amz-tagging': tagging }
    const reply = await varve.wire.send({ method: 'PUT', path, body: 'x', headers })
    expect([reply.status, reply.code]).toEqual([400, code])
    expect((await varve.wire.send({ method: 'HEAD', path })).status).toBe(404)
  })

  it('drops the tags of the object it replaces', async () => {
    const target = await tagged('a=1')
    await varve.sdk.send(new PutObjectCommand({ ...target, Body: 'y' }))
    expect(await tagsOf(target)).toEqual([])
  })
})
