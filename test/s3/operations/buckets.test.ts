import {
  CreateBucketCommand,
  DeleteBucketCommand,
  GetBucketLocationCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BucketName } from '../../../src/model/bucket-name.ts'
import { refusal } from '../../http/support/refusal.ts'
import { S3Server } from '../../http/support/s3-server.ts'

let server: S3Server
beforeAll(async () => {
  server = await S3Server.open()
})
afterAll(() => server[Symbol.asyncDispose]())
const create = (Bucket: string, more = {}) =>
  server.client.send(new CreateBucketCommand({ Bucket, ...more }))

describe('buckets', () => {
  it('are made, found, located, listed and deleted', async () => {
    const { client } = server
    expect((await create('first-bucket')).Location).toBe('/first-bucket')
    const head = await client.send(new HeadBucketCommand({ Bucket: 'first-bucket' }))
    expect(head.BucketRegion).toBe('us-east-1')
    const location = await client.send(new GetBucketLocationCommand({ Bucket: 'first-bucket' }))
    expect(location.LocationConstraint).toBeUndefined()
    const { Buckets = [], Owner } = await client.send(new ListBucketsCommand({}))
    expect(Buckets.map(({ Name }) => Name)).toContain('first-bucket')
    expect(Buckets[0]?.CreationDate?.getMilliseconds()).toBe(0)
    expect(Owner?.ID).toMatch(/^[0-9a-f]{64}$/)
    const gone = await client.send(new DeleteBucketCommand({ Bucket: 'first-bucket' }))
    expect(gone.$metadata.httpStatusCode).toBe(204)
    const head404 = await refusal(client.send(new HeadBucketCommand({ Bucket: 'first-bucket' })))
    expect(head404.status).toBe(404)
    const again = await refusal(client.send(new DeleteBucketCommand({ Bucket: 'first-bucket' })))
    expect(again).toMatchObject({ status: 404, code: 'NoSuchBucket' })
  })

  it('are not deleted while something is in them', async () => {
    await create('full-bucket')
    await server.client.send(new PutObjectCommand({ Bucket: 'full-bucket', Key: 'k', Body: '' }))
    const kept = await refusal(
      server.client.send(new DeleteBucketCommand({ Bucket: 'full-bucket' })),
    )
    expect(kept).toMatchObject({ status: 409, code: 'BucketNotEmpty' })
  })

  it('can be made again in us-east-1, as AWS has it there, and keep what is in them', async () => {
    await create('again-bucket')
    await server.client.send(new PutObjectCommand({ Bucket: 'again-bucket', Key: 'k', Body: '' }))
    expect((await create('again-bucket')).$metadata.httpStatusCode).toBe(200)
    const kept = await refusal(
      server.client.send(new DeleteBucketCommand({ Bucket: 'again-bucket' })),
    )
    expect(kept.code).toBe('BucketNotEmpty')
  })

  it.each(['Upper-Case', 'ab', 'a..b', 'a.-b', '-ab', '192.168.5.4', 'xn--abc', 'under_score'])(
    'are not named %s',
    async (name) => {
      const url = `${server.endpoint}/${name}`
      const client = server.newClient()
      // The SDK refuses some of these itself; the server must too.
      client.middlewareStack.add(
        (next) => (input) => {
          Object.assign(input.request as object, { path: `/${name}` })
          return next(input)
        },
        { step: 'build' },
      )
      const made = await refusal(client.send(new CreateBucketCommand({ Bucket: 'placeholder' })))
      expect(made, url).toMatchObject({ status: 400, code: 'InvalidBucketName' })
    },
  )

  it('are made in the one region there is', async () => {
    const elsewhere = { CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' } }
    const refused = await refusal(create('elsewhere-bucket', elsewhere))
    expect(refused).toMatchObject({ status: 400, code: 'IllegalLocationConstraintException' })
  })

  it('made while the server was set to another region are in its present one', async () => {
    const Bucket = 'moved-bucket'
    await server.store.createBucket(Bucket as BucketName, { region: 'eu-north-1' })
    const { client } = server
    const head = await client.send(new HeadBucketCommand({ Bucket }))
    expect(head.BucketRegion).toBe('us-east-1')
    const location = await client.send(new GetBucketLocationCommand({ Bucket }))
    expect(location.LocationConstraint).toBeUndefined()
    const list = await client.send(new ListBucketsCommand({ Prefix: Bucket }))
    expect(list.Buckets).toMatchObject([{ BucketRegion: 'us-east-1' }])
  })

  it.each([
    ['public ACLs', { ACL: 'public-read' }, 'InvalidBucketAclWithObjectOwnership'],
    [
      'public ACLs and ACLs enabled',
      { ACL: 'public-read', ObjectOwnership: 'ObjectWriter' },
      'AccessDenied',
    ],
    ['grants to nobody there is', { GrantRead: 'id="x"' }, 'InvalidArgument'],
    ['an ownership there is not', { ObjectOwnership: 'Everybody' }, 'InvalidArgument'],
    ['Object Lock', { ObjectLockEnabledForBucket: true }, 'NotImplemented'],
    [
      'tags that are none',
      { CreateBucketConfiguration: { Tags: [{ Key: 'aws:a', Value: 'b' }] } },
      'InvalidTag',
    ],
  ])('are not made with %s, which would not act', async (_name, settings, code) => {
    expect((await refusal(create('setting-bucket', settings))).code).toBe(code)
    const there = server.client.send(new HeadBucketCommand({ Bucket: 'setting-bucket' }))
    expect((await refusal(there)).status).toBe(404)
  })

  it('are made with what is so anyway', async () => {
    const settings = { ACL: 'private', ObjectOwnership: 'BucketOwnerEnforced' }
    expect((await create('plain-bucket', settings)).$metadata.httpStatusCode).toBe(200)
  })
})

describe('ListBuckets in pages', () => {
  it('goes through all names in order, by prefix', async () => {
    const names = ['page-a', 'page-b', 'page-c', 'page-d']
    for (const name of names) await create(name)
    const seen: string[] = []
    let ContinuationToken: string | undefined
    do {
      const page = await server.client.send(
        new ListBucketsCommand({
          Prefix: 'page-',
          MaxBuckets: 3,
          ...(ContinuationToken !== undefined && { ContinuationToken }),
        }),
      )
      expect(page.Prefix).toBe('page-')
      for (const bucket of page.Buckets ?? []) {
        expect(bucket.BucketRegion).toBe('us-east-1')
        seen.push(bucket.Name ?? '')
      }
      ContinuationToken = page.ContinuationToken
    } while (ContinuationToken !== undefined)
    expect(seen).toEqual(names)
  })

  it('refuses a token that is none, and limits that are none', async () => {
    const { client } = server
    const token = await refusal(client.send(new ListBucketsCommand({ ContinuationToken: 'abc' })))
    expect(token).toMatchObject({ status: 400, code: 'InvalidArgument' })
    for (const MaxBuckets of [0, -1, 10_001]) {
      const limit = await refusal(client.send(new ListBucketsCommand({ MaxBuckets })))
      expect(limit).toMatchObject({ status: 400, code: 'InvalidArgument' })
    }
  })
})
