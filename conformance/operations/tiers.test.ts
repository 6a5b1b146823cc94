/** Storage classes on a server with directories for warm and cold data. */
import { mkdtempSync } from 'node:fs'
import { readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type StorageClass,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { afterAll, describe, expect, it } from 'vitest'
import { pseudoRandomBytes, useServer } from '../harness/fixture.ts'

const tiers = mkdtempSync(path.join(tmpdir(), 'varve-tiers-'))
const folders = { warm: path.join(tiers, 'warm'), cold: path.join(tiers, 'cold') }
const varve = useServer({
  env: {
    VARVE_WARM_DIR: folders.warm,
    VARVE_COLD_DIR: folders.cold,
    VARVE_COMPACTION_INTERVAL_MS: '200',
  },
})
afterAll(() => rm(tiers, { recursive: true, force: true }))

const SIZE = 300_000
const classes = {
  STANDARD: 'hot',
  REDUCED_REDUNDANCY: 'hot',
  INTELLIGENT_TIERING: 'hot',
  STANDARD_IA: 'warm',
  ONEZONE_IA: 'warm',
  GLACIER_IR: 'cold',
  GLACIER: 'cold',
  DEEP_ARCHIVE: 'cold',
} as const

/** Bytes of data files by tier. */
async function sizes(): Promise<Record<'hot' | 'warm' | 'cold', number>> {
  const sizeOf = async (folder: string) => {
    let size = 0
    for (const name of await readdir(folder)) {
      if (name.endsWith('.seg')) size += (await stat(path.join(folder, name))).size
    }
    return size
  }
  const hot = await sizeOf(path.join(varve.server.dataDir, 'hot'))
  return { hot, warm: await sizeOf(folders.warm), cold: await sizeOf(folders.cold) }
}

async function get(Bucket: string, Key: string, Range?: string): Promise<Buffer> {
  const { Body } = await varve.sdk.send(new GetObjectCommand({ Bucket, Key, Range }))
  return Buffer.from(await Body!.transformToByteArray())
}

describe('storage classes and tiers', () => {
  it.each(Object.entries(classes))('%s goes to the %s tier', async (name, tier) => {
    const StorageClass = name as StorageClass
    const Bucket = await varve.bucket()
    const before = await sizes()
    const Body = pseudoRandomBytes(SIZE)
    await varve.sdk.send(new PutObjectCommand({ Bucket, Key: 'a', Body, StorageClass }))
    const after = await sizes()
    for (const each of ['hot', 'warm', 'cold'] as const) {
      const grown = after[each] - before[each]
      if (each === tier) expect(grown).toBeGreaterThanOrEqual(SIZE)
      else expect(grown).toBe(0)
    }
    expect((await get(Bucket, 'a')).equals(Body)).toBe(true)
    const part = await get(Bucket, 'a', 'bytes=123456-234567')
    expect(part.equals(Body.subarray(123_456, 234_568))).toBe(true)
    const list = await varve.sdk.send(new ListObjectsV2Command({ Bucket }))
    expect(list.Contents?.[0]?.StorageClass).toBe(StorageClass)
  })

  it('copies bytes where their new class belongs, and shares them within a tier', async () => {
    const Bucket = await varve.bucket()
    const Body = pseudoRandomBytes(SIZE)
    await varve.sdk.send(new PutObjectCommand({ Bucket, Key: 'a', Body }))
    const before = await sizes()
    const copy = (Key: string, source: string, StorageClass: StorageClass) =>
      varve.sdk.send(
        new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/${source}`, StorageClass }),
      )
    await copy('b', 'a', 'GLACIER')
    const between = await sizes()
    expect(between.cold - before.cold).toBeGreaterThanOrEqual(SIZE)
    await copy('c', 'b', 'DEEP_ARCHIVE')
    expect(await sizes()).toEqual(between)
    await copy('a', 'a', 'STANDARD_IA')
    expect((await sizes()).warm - between.warm).toBeGreaterThanOrEqual(SIZE)
    for (const Key of ['a', 'b', 'c']) expect((await get(Bucket, Key)).equals(Body)).toBe(true)
    const head = await varve.sdk.send(new HeadObjectCommand({ Bucket, Key: 'a' }))
    expect(head.StorageClass).toBe('STANDARD_IA')
  })

  it('keeps uploads in parts and small objects through kill -9', async () => {
    const Bucket = await varve.bucket()
    const place = { Bucket, Key: 'parts' }
    const StorageClass = 'GLACIER'
    const begin = new CreateMultipartUploadCommand({ ...place, StorageClass })
    const { UploadId } = await varve.sdk.send(begin)
    const bodies = [pseudoRandomBytes(5 * 1024 * 1024), pseudoRandomBytes(1000)]
    const Parts: { PartNumber: number; ETag: string | undefined }[] = []
    for (const [index, Body] of bodies.entries()) {
      const PartNumber = index + 1
      const part = new UploadPartCommand({ ...place, UploadId, PartNumber, Body })
      Parts.push({ PartNumber, ETag: (await varve.sdk.send(part)).ETag })
    }
    await varve.sdk.send(
      new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts } }),
    )
    const small = Array.from({ length: 50 }, (_, index) => pseudoRandomBytes(100 + index))
    for (const [index, Body] of small.entries()) {
      await varve.sdk.send(new PutObjectCommand({ Bucket, Key: `s${index}`, Body, StorageClass }))
    }
    await varve.server.kill()
    await varve.server.up()
    expect((await get(Bucket, 'parts')).equals(Buffer.concat(bodies))).toBe(true)
    for (const [index, body] of small.entries()) {
      expect((await get(Bucket, `s${index}`)).equals(body)).toBe(true)
    }
  })
})
