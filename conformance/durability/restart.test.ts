/** What a restart keeps, seen from outside: after a clean stop, after kill -9, without its index. */
import { rm } from 'node:fs/promises'
import path from 'node:path'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectTaggingCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { pseudoRandomBytes, useServer } from '../harness/fixture.ts'

const varve = useServer()
const HEADERS = ['etag', 'content-type', 'last-modified', 'content-length', 'cache-control']

interface Picture {
  readonly list: string
  readonly uploads: string
  readonly objects: Readonly<Record<string, string>>
}

/** Everything a client can see of a bucket, request ids aside. */
async function picture(bucket: string, keys: readonly string[]): Promise<Picture> {
  const get = async (query: string) =>
    (await varve.wire.send({ method: 'GET', path: `/${bucket}`, query })).text
  const objects: Record<string, string> = {}
  for (const key of keys) {
    const headers = { 'x-amz-checksum-mode': 'ENABLED' }
    const reply = await varve.wire.send({ method: 'GET', path: `/${bucket}/${key}`, headers })
    const told = Object.entries(reply.headers).filter(
      ([name]) => HEADERS.includes(name) || /^x-amz-(meta|checksum|storage|tag|mp)/.test(name),
    )
    const tags = await varve.sdk.send(new GetObjectTaggingCommand({ Bucket: bucket, Key: key }))
    objects[key] = JSON.stringify([reply.status, told, tags.TagSet]) + reply.body.toString('base64')
  }
  return { list: await get('list-type=2'), uploads: await get('uploads='), objects }
}

async function fill(bucket: string): Promise<string[]> {
  const sizes = { empty: 0, small: 5_000, medium: 200_000, large: 7_000_000 }
  for (const [Key, size] of Object.entries(sizes)) {
    await varve.sdk.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key,
        Body: pseudoRandomBytes(size, size + 1),
        ContentType: `text/${Key}`,
        CacheControl: 'no-cache',
        Metadata: { size: Key },
        Tagging: `size=${Key}`,
        StorageClass: 'STANDARD_IA',
        ChecksumAlgorithm: 'SHA256',
      }),
    )
  }
  const copy = { 'x-amz-copy-source': `${bucket}/large` }
  await varve.wire.send({ method: 'PUT', path: `/${bucket}/copy`, headers: copy })
  await varve.wire.send({ method: 'PUT', path: `/${bucket}/gone`, body: 'x' })
  await varve.wire.send({ method: 'DELETE', path: `/${bucket}/gone` })
  return [...Object.keys(sizes), 'copy']
}

describe('A restart', () => {
  const ways: Record<string, () => Promise<void>> = {
    'after SIGTERM': async () => {
      expect(await varve.server.stop()).toBe(0)
      await varve.server.up()
    },
    'after kill -9': async () => {
      await varve.server.kill()
      await varve.server.up()
    },
    'after kill -9, with the index gone': async () => {
      await varve.server.kill()
      await rm(path.join(varve.server.dataDir, 'index'), { recursive: true })
      await varve.server.up()
    },
    'after SIGTERM, with the index gone': async () => {
      expect(await varve.server.stop()).toBe(0)
      await rm(path.join(varve.server.dataDir, 'index'), { recursive: true })
      await varve.server.up()
    },
  }

  it.each(Object.entries(ways))('%s changes nothing a client can see', async (_, restart) => {
    const bucket = await varve.bucket()
    const keys = await fill(bucket)
    const at = { Bucket: bucket, Key: 'parts' }
    const { UploadId } = await varve.sdk.send(new CreateMultipartUploadCommand(at))
    const bodies = [pseudoRandomBytes(5 * 1024 * 1024, 3), pseudoRandomBytes(99, 4)]
    const part = async (PartNumber: number, Body: Buffer) => {
      const input = { ...at, UploadId, PartNumber, Body }
      return { PartNumber, ETag: (await varve.sdk.send(new UploadPartCommand(input))).ETag }
    }
    const first = await part(1, bodies[0] as Buffer)
    const before = await picture(bucket, keys)
    await restart()
    expect(await picture(bucket, keys)).toEqual(before)

    // An upload goes on where it was.
    const Parts = [first, await part(2, bodies[1] as Buffer)]
    const MultipartUpload = { Parts }
    await varve.sdk.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload }))
    await restart()
    const whole = await varve.wire.send({ method: 'GET', path: `/${bucket}/parts` })
    expect(whole.body.equals(Buffer.concat(bodies))).toBe(true)
  })
})
