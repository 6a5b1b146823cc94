import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListBucketsCommand,
  PutBucketAclCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { describe, expect, it } from 'vitest'
import { createServer, type Server, type ServerOptions } from '../src/index.ts'

function clientOf({ endpoint, region, credentials }: Server): S3Client {
  // The SDK writes into the object it is given.
  return new S3Client({
    endpoint,
    region,
    credentials: { ...credentials },
    forcePathStyle: true,
  })
}

async function bucketsOf(server: Server): Promise<readonly (string | undefined)[]> {
  const s3 = clientOf(server)
  const { Buckets = [] } = await s3.send(new ListBucketsCommand({}))
  s3.destroy()
  return Buckets.map(({ Name }) => Name)
}

describe('a server in memory', () => {
  it('serves the SDK: small objects, large ones, parts', async () => {
    await using server = await createServer({ memory: true, buckets: ['films'] })
    const s3 = clientOf(server)
    await s3.send(new CreateBucketCommand({ Bucket: 'photos' }))
    expect(await bucketsOf(server)).toEqual(['films', 'photos'])

    const sizes = [0, 5, 64 * 1024, 3 * 1024 * 1024 + 1]
    for (const size of sizes) {
      const sent = Buffer.alloc(size, 'varve')
      await s3.send(new PutObjectCommand({ Bucket: 'photos', Key: `${size}`, Body: sent }))
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'photos', Key: `${size}` }))
      expect(sent.equals((await Body?.transformToByteArray()) ?? Buffer.alloc(0))).toBe(true)
    }

    const large = Buffer.alloc(11 * 1024 * 1024, 'sediment')
    await new Upload({ client: s3, params: { Bucket: 'films', Key: 'large', Body: large } }).done()
    const { Body, ETag } = await s3.send(new GetObjectCommand({ Bucket: 'films', Key: 'large' }))
    expect(ETag).toMatch(/-3"$/)
    expect(large.equals((await Body?.transformToByteArray()) ?? Buffer.alloc(0))).toBe(true)
    s3.destroy()
  })

  it('makes buckets that ACLs may open when it is asked to, and closed ones else', async () => {
    for (const [newBucketAccess, status] of [
      ['acl', 200],
      [undefined, 403],
    ] as const) {
      await using server = await createServer({
        memory: true,
        buckets: ['films'],
        ...(newBucketAccess !== undefined && { newBucketAccess }),
      })
      const s3 = clientOf(server)
      const publish = s3.send(new PutBucketAclCommand({ Bucket: 'films', ACL: 'public-read' }))
      await publish.catch(() => {})
      expect((await fetch(`${server.endpoint}/films`)).status).toBe(status)
      s3.destroy()
    }
  })

  it('stands beside others, each with its own port, keys and objects', async () => {
    await using one = await createServer({ memory: true, buckets: ['one'] })
    await using two = await createServer({ memory: true, buckets: ['two'] })
    expect(one.port).not.toBe(two.port)
    expect(one.credentials).not.toEqual(two.credentials)
    expect(await bucketsOf(one)).toEqual(['one'])
    expect(await bucketsOf(two)).toEqual(['two'])
    await expect(bucketsOf({ ...one, credentials: two.credentials })).rejects.toThrow(
      'Access Key Id',
    )
  })

  it('takes keys, region and host from its options', async () => {
    const credentials = { accessKeyId: 'ROOT', secretAccessKey: 'root-secret-key' }
    await using server = await createServer({
      memory: true,
      credentials,
      region: 'eu-north-1',
      host: '::1',
      buckets: ['one'],
    })
    expect(server).toMatchObject({ credentials, region: 'eu-north-1' })
    expect(server.endpoint).toBe(`http://[::1]:${server.port}`)
    expect(await bucketsOf(server)).toEqual(['one'])
  })

  it('no longer answers once it is closed, and closing again is fine', async () => {
    const server = await createServer({ memory: true })
    expect((await fetch(`${server.endpoint}/health/ready`)).status).toBe(200)
    await server.close()
    await server.close()
    await expect(fetch(`${server.endpoint}/health/live`)).rejects.toThrow()
  })

  it('refuses options that are wrong, all at once', async () => {
    const wrong = { memory: true, port: 70_000, buckets: ['No Bucket'], region: '' } as const
    await expect(createServer(wrong)).rejects.toMatchObject({
      name: 'ConfigError',
      problems: [
        expect.stringContaining('port: expected'),
        expect.stringContaining('region: expected'),
        expect.stringContaining('buckets: expected'),
      ],
    })
  })

  it('refuses to be nowhere', async () => {
    const nowhere = { port: -1 } as unknown as ServerOptions
    await expect(createServer(nowhere)).rejects.toMatchObject({
      problems: [
        expect.stringContaining('dataDir: expected a path'),
        expect.stringContaining('port: expected'),
      ],
    })
  })

  it('leaves nothing open when it cannot listen', async () => {
    await using first = await createServer({ memory: true })
    const taken = { memory: true, port: first.port } as const
    await expect(createServer(taken)).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})

describe('a server on disk', () => {
  it('finds its objects and keys again, and has its directory to itself', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'varve-library-'))
    try {
      const first = await createServer({ dataDir, buckets: ['kept'] })
      const s3 = clientOf(first)
      await s3.send(new PutObjectCommand({ Bucket: 'kept', Key: 'a', Body: 'b' }))
      s3.destroy()
      await expect(createServer({ dataDir })).rejects.toMatchObject({ kind: 'in-use' })
      await first.close()

      await using second = await createServer({ dataDir })
      expect(second.credentials).toEqual(first.credentials)
      const again = clientOf(second)
      const { Body } = await again.send(new GetObjectCommand({ Bucket: 'kept', Key: 'a' }))
      expect(await Body?.transformToString()).toBe('b')
      again.destroy()
    } finally {
      await rm(dataDir, { recursive: true, force: true })
    }
  })
})
