import { once } from 'node:events'
import { get } from 'node:http'
import { Readable } from 'node:stream'
import {
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseObjectAttributes } from '../../../src/s3/wire/object-attributes.ts'
import { ACCESS_KEY, identity, SECRET_KEY } from '../support/aws-examples.ts'
import { type Recorded, RecordingServer } from '../support/recording-server.ts'

let server: RecordingServer
beforeAll(async () => {
  server = await RecordingServer.open(identity, ['localhost'])
})
afterAll(() => server[Symbol.asyncDispose]())

function client(config: S3ClientConfig = {}): S3Client {
  return new S3Client({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${server.port}`,
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY },
    ...config,
  })
}

/** What the server took; replies are empty, so that the SDK may dislike them. */
async function taken(sent: Promise<unknown>): Promise<Recorded> {
  await sent.catch(() => {})
  if (server.refusal !== null) throw server.refusal
  if (server.last === null) throw new Error('nothing arrived')
  return server.last
}

/** A GET of exactly this URL; fetch would resolve its dots. */
async function visit(url: string): Promise<unknown> {
  const { host, port } = new URL(url)
  const path = url.slice(url.indexOf(host) + host.length)
  const [response] = await once(get({ port, path, headers: { host } }), 'response')
  return response.resume()
}

const NAMES = [
  'plain.txt',
  'with space',
  "quotes'(and)!*",
  'plus+and&and=and?and#',
  'percent%20literal%2F',
  'slashes//and/./dots/../up',
  'ünïcödé/日本語/😀',
  '~tilde_-.',
  'à', // its second byte is 0xa0, which JavaScript calls white space
  '\u0001\n',
]

describe('requests of the AWS SDK for JavaScript', () => {
  it.each(NAMES)('a PUT of %j verifies and names its key', async (name) => {
    const put = new PutObjectCommand({ Bucket: 'bucket', Key: name, Body: `body of ${name}` })
    const { request, body, checksum } = await taken(client().send(put))
    expect(request).toMatchObject({ bucket: 'bucket', key: name })
    expect(body.toString()).toBe(`body of ${name}`)
    expect(checksum).toMatch(/^[\w+/]{6}==$/)
  })

  it.each(NAMES)('a presigned GET of %j verifies', async (name) => {
    const command = new GetObjectCommand({ Bucket: 'bucket', Key: name })
    const url = await getSignedUrl(client(), command, { expiresIn: 60 })
    const { request, verified } = await taken(visit(url))
    expect(verified.mode).toBe('query')
    expect(request.key).toBe(name)
  })

  it('a stream goes chunked with a checksum in its trailer', async () => {
    const content = Buffer.alloc(300_000, 'stream')
    const put = new PutObjectCommand({
      Bucket: 'bucket',
      Key: 'stream',
      Body: Readable.from([content.subarray(0, 70_001), content.subarray(70_001)]),
      ContentLength: content.length,
    })
    const { verified, body, checksum, request } = await taken(client().send(put))
    expect(verified.payload).toEqual({ kind: 'unsigned-chunks' })
    expect(body.equals(content)).toBe(true)
    expect(checksum).toMatch(/^[\w+/]{6}==$/)
    expect(parseObjectAttributes(request.headers).headers.contentEncoding).toBeUndefined()
  })

  it.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const)(
    'a checksum of algorithm %s is found',
    async (algorithm) => {
      const put = new PutObjectCommand({
        Bucket: 'bucket',
        Key: 'key',
        Body: 'content',
        ChecksumAlgorithm: algorithm,
      })
      expect((await taken(client().send(put))).checksum).not.toBeNull()
    },
  )

  it('metadata and its kin arrive, also with letters beyond ASCII in the body of XML', async () => {
    const put = new PutObjectCommand({
      Bucket: 'bucket',
      Key: 'key',
      Body: 'x',
      Metadata: { one: 'a  b', two: ' c ' },
      Tagging: 'a=b&c=d%20e',
      StorageClass: 'STANDARD_IA',
      ContentEncoding: 'gzip',
      CacheControl: 'no-cache',
    })
    const { request } = await taken(client().send(put))
    expect(parseObjectAttributes(request.headers)).toMatchObject({
      headers: { contentEncoding: 'gzip', cacheControl: 'no-cache' },
      storageClass: 'STANDARD_IA',
      tags: [
        { key: 'a', value: 'b' },
        { key: 'c', value: 'd e' },
      ],
    })
    const remove = new DeleteObjectsCommand({
      Bucket: 'bucket',
      Delete: { Objects: [{ Key: 'ünï' }] },
    })
    expect((await taken(client().send(remove))).body.toString()).toContain('<Key>ünï</Key>')
  })

  it('list parameters of every kind verify', async () => {
    const list = new ListObjectsV2Command({
      Bucket: 'bucket',
      Prefix: "a b+c/%'()*é",
      Delimiter: '/',
      StartAfter: '~',
      MaxKeys: 7,
    })
    const { request } = await taken(client().send(list))
    expect(request.query.get('prefix')).toBe("a b+c/%'()*é")
    expect(request.query.get('max-keys')).toBe('7')
  })

  it('virtual-hosted requests verify', async () => {
    const hosted = client({ endpoint: `http://localhost:${server.port}`, forcePathStyle: false })
    const put = new PutObjectCommand({ Bucket: 'my.bucket', Key: 'a/b', Body: 'x' })
    hosted.middlewareStack.add(
      (next) => (step) => {
        // No name server knows my.bucket.localhost; only the Host header matters here.
        const request = step.request as { hostname: string }
        request.hostname = '127.0.0.1'
        return next(step)
      },
      { step: 'finalizeRequest', priority: 'low' },
    )
    const { request } = await taken(hosted.send(put))
    expect(request).toMatchObject({ bucket: 'my.bucket', key: 'a/b' })
  })

  it('a presigned PUT keeps what its signer chose, and takes any body', async () => {
    const put = new PutObjectCommand({
      Bucket: 'bucket',
      Key: 'key',
      Metadata: { owner: 'me' },
      StorageClass: 'GLACIER_IR',
      Tagging: 'a=b',
    })
    const url = await getSignedUrl(client(), put, { expiresIn: 60 })
    expect(url).toContain('x-amz-checksum-crc32=')
    const { request, body, checksum } = await taken(fetch(url, { method: 'PUT', body: 'content' }))
    expect(body.toString()).toBe('content')
    expect(checksum).toBeNull()
    expect(parseObjectAttributes(request.headers)).toMatchObject({
      metadata: new Map([['owner', 'me']]),
      storageClass: 'GLACIER_IR',
      tags: [{ key: 'a', value: 'b' }],
    })
  })

  it('the holder of a presigned PUT cannot change what its signer chose', async () => {
    const put = new PutObjectCommand({ Bucket: 'bucket', Key: 'key', Metadata: { owner: 'me' } })
    const url = await getSignedUrl(client(), put, { expiresIn: 60 })
    const headers = { 'x-amz-meta-owner': 'you' }
    const { request } = await taken(fetch(url, { method: 'PUT', body: 'content', headers }))
    expect(parseObjectAttributes(request.headers).metadata.get('owner')).toBe('me')

    const added = { 'x-amz-acl': 'public-read' }
    const refused = taken(fetch(url, { method: 'PUT', body: 'content', headers: added }))
    await expect(refused).rejects.toMatchObject({
      code: 'AccessDenied',
      detail: { HeadersNotSigned: 'x-amz-acl' },
    })
  })

  it('presigned parts and copies verify', async () => {
    const part = { Bucket: 'bucket', Key: 'key', UploadId: 'id/+=', PartNumber: 3 }
    const partUrl = await getSignedUrl(client(), new UploadPartCommand(part))
    const uploaded = await taken(fetch(partUrl, { method: 'PUT', body: 'part' }))
    expect(uploaded.request.query.get('uploadId')).toBe('id/+=')

    const copy = { Bucket: 'bucket', Key: 'key', CopySource: 'other/source%20key' }
    const copyUrl = await getSignedUrl(client(), new CopyObjectCommand(copy))
    const copied = await taken(fetch(copyUrl, { method: 'PUT' }))
    expect(copied.request.headers.get('x-amz-copy-source')).toBe('other/source%20key')
  })

  it('another secret is refused', async () => {
    const credentials = { accessKeyId: ACCESS_KEY, secretAccessKey: `${SECRET_KEY}x` }
    const list = new ListObjectsV2Command({ Bucket: 'bucket' })
    await expect(taken(client({ credentials }).send(list))).rejects.toMatchObject({
      code: 'SignatureDoesNotMatch',
    })
  })
})
