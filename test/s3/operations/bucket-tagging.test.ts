import * as S3 from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refusal } from '../../http/support/refusal.ts'
import { S3Server } from '../../http/support/s3-server.ts'

let server: S3Server
beforeAll(async () => {
  server = await S3Server.open()
})
afterAll(() => server[Symbol.asyncDispose]())

let count = 0
async function newBucket(): Promise<string> {
  const Bucket = `tagged-${++count}`
  await server.client.send(new S3.CreateBucketCommand({ Bucket }))
  return Bucket
}

describe('tags of a bucket', () => {
  const tags = async (Bucket: string) =>
    (await server.client.send(new S3.GetBucketTaggingCommand({ Bucket }))).TagSet
  const putTags = (Bucket: string, TagSet: S3.Tag[]) =>
    server.client.send(new S3.PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }))
  const many = (size: number) =>
    Array.from({ length: size }, (_, at) => ({ Key: `${at + 100}`, Value: 'v' }))

  it('are replaced as a whole, and removed', async () => {
    const Bucket = await newBucket()
    expect((await refusal(tags(Bucket))).code).toBe('NoSuchTagSet')
    await putTags(Bucket, many(50))
    expect(await tags(Bucket)).toEqual(many(50))
    await putTags(Bucket, [{ Key: 'only', Value: '' }])
    expect(await tags(Bucket)).toEqual([{ Key: 'only', Value: '' }])
    const gone = await server.client.send(new S3.DeleteBucketTaggingCommand({ Bucket }))
    expect(gone.$metadata.httpStatusCode).toBe(204)
    expect((await refusal(tags(Bucket))).code).toBe('NoSuchTagSet')
  })

  it('are there from the start when the bucket is made with them', async () => {
    const TagSet = [{ Key: 'team', Value: 'blue' }]
    const CreateBucketConfiguration = { Tags: TagSet }
    const command = new S3.CreateBucketCommand({ Bucket: 'born-tagged', CreateBucketConfiguration })
    await server.client.send(command)
    expect(await tags('born-tagged')).toEqual(TagSet)
  })

  it.each([
    ['more than fifty', many(51)],
    ['one twice', [...many(1), ...many(1)]],
    ['a long key', [{ Key: 'k'.repeat(129), Value: '' }]],
    ['a long value', [{ Key: 'k', Value: 'v'.repeat(257) }]],
    ["one of the system's", [{ Key: 'aws:k', Value: '' }]],
  ])('are refused with %s', async (_name, set) => {
    expect((await refusal(putTags(await newBucket(), set))).status).toBe(400)
  })
})
