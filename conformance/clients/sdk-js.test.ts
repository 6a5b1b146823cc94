import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  CopyObjectCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  waitUntilObjectExists,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { beforeAll, describe, expect, it } from 'vitest'
import { pseudoRandomBytes, useServer } from '../harness/fixture.ts'
import { makeTree, treeDigest, useWorkspace } from '../harness/tree.ts'

const varve = useServer()
const workspace = useWorkspace()
const MIB = 1024 * 1024

describe('The AWS SDK for JavaScript v3', () => {
  let bucket = ''

  beforeAll(async () => {
    bucket = await varve.bucket()
    await makeTree(workspace.file('tree'), { smallFiles: 300, largeBytes: 256 * MIB })
  })

  async function keys(prefix: string): Promise<string[]> {
    const found: string[] = []
    const query = { Bucket: bucket, Prefix: prefix, MaxKeys: 100 }
    for await (const page of paginateListObjectsV2({ client: varve.sdk }, query)) {
      found.push(...(page.Contents ?? []).map((item) => item.Key ?? ''))
    }
    return found
  }

  it('carries a tree there with lib-storage and back', async () => {
    const [tree, back] = [workspace.file('tree'), workspace.file('back')]
    const before = await treeDigest(tree)
    for (const name of before.keys()) {
      const Body = createReadStream(path.join(tree, name))
      const params = { Bucket: bucket, Key: `tree/${name}`, Body }
      await new Upload({ client: varve.sdk, params }).done()
    }
    expect(new Set(await keys('tree/'))).toEqual(
      new Set([...before.keys()].map((name) => `tree/${name}`)),
    )
    for (const name of before.keys()) {
      const target = path.join(back, name)
      await mkdir(path.dirname(target), { recursive: true })
      const reply = await varve.sdk.send(
        new GetObjectCommand({ Bucket: bucket, Key: `tree/${name}` }),
      )
      await pipeline(reply.Body as Readable, createWriteStream(target))
    }
    expect(await treeDigest(back)).toEqual(before)
  })

  it('streams a body of known length with a trailing checksum', async () => {
    const file = workspace.file('tree', 'medium.bin')
    const { size } = await stat(file)
    await varve.sdk.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: 'stream',
        Body: createReadStream(file),
        ContentLength: size,
      }),
    )
    const head = await varve.sdk.send(
      new HeadObjectCommand({ Bucket: bucket, Key: 'stream', ChecksumMode: 'ENABLED' }),
    )
    expect(head.ContentLength).toBe(size)
    expect(head.ChecksumCRC32).toMatch(/=$/)
    expect(head.ContentEncoding).toBeUndefined()
  })

  it('uploads a stream of unknown length, and gives up an upload cleanly', async () => {
    async function* pieces() {
      for (let at = 0; at < 13; at++) yield pseudoRandomBytes(MIB, at + 1)
    }
    const params = { Bucket: bucket, Key: 'unknown', Body: Readable.from(pieces()) }
    await new Upload({ client: varve.sdk, params }).done()
    const head = await varve.sdk.send(new HeadObjectCommand({ Bucket: bucket, Key: 'unknown' }))
    expect(head.ContentLength).toBe(13 * MIB)

    async function* failing() {
      yield pseudoRandomBytes(11 * MIB, 1)
      throw new Error('the source failed')
    }
    const broken = { Bucket: bucket, Key: 'broken', Body: Readable.from(failing()) }
    await expect(new Upload({ client: varve.sdk, params: broken }).done()).rejects.toThrow()
    expect(await keys('broken')).toEqual([])
  })

  it('waits for objects, copies and deletes in bulk', async () => {
    const CopySource = `${bucket}/unknown`
    await varve.sdk.send(new CopyObjectCommand({ Bucket: bucket, Key: 'copy', CopySource }))
    const waiter = { client: varve.sdk, maxWaitTime: 10, minDelay: 1 }
    await waitUntilObjectExists(waiter, { Bucket: bucket, Key: 'copy' })
    for (let all = await keys(''); all.length > 0; all = await keys('')) {
      const Objects = all.slice(0, 1000).map((Key) => ({ Key }))
      const Delete = { Objects, Quiet: true }
      await varve.sdk.send(new DeleteObjectsCommand({ Bucket: bucket, Delete }))
    }
    await varve.sdk.send(new DeleteBucketCommand({ Bucket: bucket }))
  })
})
