import {
  CreateBucketCommand,
  DeleteBucketCommand,
  GetBucketLocationCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  type ListBucketsCommandOutput,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { bucketName, refusal, useServer } from '../harness/fixture.ts'
import { assertWellFormed, element } from '../harness/xml.ts'

const varve = useServer()

describe('CreateBucket', () => {
  it('creates, and says where', async () => {
    const name = bucketName()
    const reply = await varve.sdk.send(new CreateBucketCommand({ Bucket: name }))
    expect(reply.Location).toBe(`/${name}`)
    await varve.sdk.send(new HeadBucketCommand({ Bucket: name }))
  })

  it('accepts a trailing slash, as the JavaScript SDK sends it, and an ACL header', async () => {
    const name = bucketName()
    const headers = { 'x-amz-acl': 'private' }
    const reply = await varve.wire.send({ method: 'PUT', path: `/${name}/`, headers })
    expect(reply.status).toBe(200)
    expect((await varve.wire.send({ method: 'HEAD', path: `/${name}` })).status).toBe(200)
  })

  it('accepts its own region as location constraint', async () => {
    const body =
      '<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' +
      '<LocationConstraint>us-east-1</LocationConstraint></CreateBucketConfiguration>'
    const reply = await varve.wire.send({ method: 'PUT', path: `/${bucketName()}`, body })
    expect(reply.status).toBe(200)
  })

  it('refuses a document that is none', async () => {
    const name = bucketName()
    const reply = await varve.wire.send({ method: 'PUT', path: `/${name}`, body: '<Create' })
    expect([reply.status, reply.code]).toEqual([400, 'MalformedXML'])
    expect((await varve.wire.send({ method: 'HEAD', path: `/${name}` })).status).toBe(404)
  })

  it.each([
    'ab',
    'Upper-Case',
    'under_score',
    '-dash-first',
    'dash-last-',
    'two..dots',
    '192.168.5.4',
    'xn--punycode',
    'x'.repeat(64),
  ])('refuses the name %s', async (name) => {
    const reply = await varve.wire.send({ method: 'PUT', path: `/${name}` })
    expect([reply.status, reply.code]).toEqual([400, 'InvalidBucketName'])
  })

  it.each(['abc', 'a.b.c', '0start', 'x'.repeat(63)])('accepts the name %s', async (name) => {
    expect((await varve.wire.send({ method: 'PUT', path: `/${name}` })).status).toBe(200)
  })

  it('again in us-east-1 succeeds, and keeps what is in it', async () => {
    const bucket = await varve.bucket()
    await varve.sdk.send(new PutObjectCommand({ Bucket: bucket, Key: 'kept', Body: 'x' }))
    await varve.sdk.send(new CreateBucketCommand({ Bucket: bucket }))
    expect((await varve.wire.send({ method: 'GET', path: `/${bucket}/kept` })).text).toBe('x')
  })
})

describe('HeadBucket', () => {
  it('names the region', async () => {
    const reply = await varve.sdk.send(new HeadBucketCommand({ Bucket: await varve.bucket() }))
    expect(reply.BucketRegion).toBe('us-east-1')
  })

  it('names the region when it refuses too: SDKs ask unsigned, or signed for another', async () => {
    const request = { method: 'HEAD', path: `/${await varve.bucket()}` }
    const unsigned = await varve.wire.send({ ...request, auth: 'none' })
    const elsewhere = await varve.wire.send({ ...request, signing: { region: 'eu-north-1' } })
    expect([unsigned.status, elsewhere.status]).toEqual([403, 400])
    for (const { headers } of [unsigned, elsewhere]) {
      expect(headers['x-amz-bucket-region']).toBe('us-east-1')
    }
  })

  it('answers 404 without a body for a bucket that is not', async () => {
    const reply = await varve.wire.send({ method: 'HEAD', path: `/${bucketName()}` })
    expect([reply.status, reply.body.length]).toEqual([404, 0])
  })
})

describe('DeleteBucket', () => {
  it('removes an empty bucket', async () => {
    const bucket = await varve.bucket()
    const reply = await varve.wire.send({ method: 'DELETE', path: `/${bucket}` })
    expect([reply.status, reply.body.length]).toEqual([204, 0])
    expect((await varve.wire.send({ method: 'HEAD', path: `/${bucket}` })).status).toBe(404)
  })

  it('refuses while there is an object', async () => {
    const bucket = await varve.bucket()
    await varve.sdk.send(new PutObjectCommand({ Bucket: bucket, Key: 'a', Body: 'x' }))
    const call = varve.sdk.send(new DeleteBucketCommand({ Bucket: bucket }))
    expect(await refusal(call)).toEqual({ code: 'BucketNotEmpty', status: 409 })
  })

  it('refuses what is not there', async () => {
    const call = varve.sdk.send(new DeleteBucketCommand({ Bucket: bucketName() }))
    expect(await refusal(call)).toEqual({ code: 'NoSuchBucket', status: 404 })
  })
})

describe('GetBucketLocation', () => {
  it('is empty for us-east-1', async () => {
    const bucket = await varve.bucket()
    const reply = await varve.wire.send({ method: 'GET', path: `/${bucket}`, query: 'location=' })
    assertWellFormed(reply.text)
    expect(element(reply.text, 'LocationConstraint')).toBe('')
    const parsed = await varve.sdk.send(new GetBucketLocationCommand({ Bucket: bucket }))
    expect(parsed.LocationConstraint ?? '').toBe('')
  })

  it('refuses what is not there', async () => {
    const call = varve.sdk.send(new GetBucketLocationCommand({ Bucket: bucketName() }))
    expect(await refusal(call)).toEqual({ code: 'NoSuchBucket', status: 404 })
  })
})

describe('ListBuckets', () => {
  it('lists every bucket by name, with owner and time', async () => {
    const made = [await varve.bucket(), await varve.bucket(), await varve.bucket()]
    const reply = await varve.sdk.send(new ListBucketsCommand({}))
    const names = (reply.Buckets ?? []).map((bucket) => bucket.Name ?? '')
    expect(names).toEqual(expect.arrayContaining(made))
    expect(names).toEqual([...names].sort())
    expect(reply.Owner?.ID).toMatch(/./)
    for (const bucket of reply.Buckets ?? []) {
      expect(Math.abs(Date.now() - (bucket.CreationDate?.getTime() ?? 0))).toBeLessThan(600_000)
    }
  })

  it('pages by prefix, size and continuation token', async () => {
    const prefix = `paged-${Date.now()}-`
    const made = ['a', 'b', 'c', 'd', 'e'].map((letter) => prefix + letter)
    for (const name of made) await varve.sdk.send(new CreateBucketCommand({ Bucket: name }))
    const found: string[] = []
    let token: string | undefined
    let pages = 0
    do {
      const query = { Prefix: prefix, MaxBuckets: 2, ContinuationToken: token }
      const page: ListBucketsCommandOutput = await varve.sdk.send(new ListBucketsCommand(query))
      expect(page.Prefix).toBe(prefix)
      found.push(...(page.Buckets ?? []).map((bucket) => bucket.Name ?? ''))
      token = page.ContinuationToken
      pages++
    } while (token !== undefined)
    expect(found).toEqual(made)
    expect(pages).toBe(3)
  })

  it.each(['0', '10001', 'x', '-1'])('refuses max-buckets=%s', async (value) => {
    const query = `max-buckets=${value}`
    const reply = await varve.wire.send({ method: 'GET', path: '/', query })
    expect([reply.status, reply.code]).toEqual([400, 'InvalidArgument'])
  })
})
