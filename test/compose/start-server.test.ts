import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { describe, expect, it } from 'vitest'
import { MemoryKv } from '../../src/catalog/kv/memory-kv.ts'
import type { Ground } from '../../src/compose/ground.ts'
import { type RunningServer, startServer } from '../../src/compose/start-server.ts'
import { configFrom } from '../../src/config/load.ts'
import { systemClock } from '../../src/platform/clock.ts'
import type { CrashModel } from '../../src/platform/crash-model.ts'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { silentLog } from '../../src/telemetry/log.ts'

/** The index is a cache: it dies with the process, and every start makes it from the journal. */
function start(fileSystem: MemoryFileSystem): Promise<RunningServer> {
  const ground: Ground = {
    fileSystem,
    clock: systemClock,
    random: systemRandom,
    openIndex: async () => new MemoryKv(),
  }
  const config = configFrom({ dataDir: '/data', port: 0, buckets: ['one'], drainTimeoutMs: 200 })
  return startServer({ config, ground, log: silentLog })
}

function clientOf({ endpoint, root }: RunningServer): S3Client {
  return new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: root.accessKey, secretAccessKey: root.secretKey },
  })
}

async function textOf(s3: S3Client, key: string): Promise<string | undefined> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'one', Key: key }))
  return Body?.transformToString()
}

const small = 'x'.repeat(1000)
const large = 'sediment'.repeat(40_000)
const parts = 'varve'.repeat(1_200_000)

/** Everything here was answered with 200 before it returns. */
async function write(s3: S3Client): Promise<void> {
  const put = (Key: string, Body: string) =>
    s3.send(new PutObjectCommand({ Bucket: 'one', Key, Body }))
  await Promise.all([put('small', small), put('large', large), put('gone', 'soon')])
  await new Upload({ client: s3, params: { Bucket: 'one', Key: 'parts', Body: parts } }).done()
  await s3.send(new DeleteObjectCommand({ Bucket: 'one', Key: 'gone' }))
}

describe('after a power cut at the moment of the last answer', () => {
  it.each(['lose-all', 'subset', 'torn', 'keep-all', 'kill'] satisfies CrashModel[])(
    'all that was answered is there, and nothing else: %s',
    async (model) => {
      const disk = new MemoryFileSystem({ simulate: true })
      await using before = await start(disk)
      const s3 = clientOf(before)
      await write(s3)
      s3.destroy()

      await using after = await start(disk.crash({ model, seed: 7 }))
      expect(after.root).toEqual(before.root)
      const again = clientOf(after)
      const { Contents = [] } = await again.send(new ListObjectsV2Command({ Bucket: 'one' }))
      expect(Contents.map(({ Key }) => Key)).toEqual(['large', 'parts', 'small'])
      expect(await textOf(again, 'small')).toBe(small)
      expect((await textOf(again, 'large')) === large).toBe(true)
      expect((await textOf(again, 'parts')) === parts).toBe(true)
      again.destroy()
    },
  )
})

describe('a server whose disk fails', () => {
  it('does not start when a sync of its first file fails, and leaves the directory free', async () => {
    const disk = new MemoryFileSystem()
    disk.intercept(({ operation }) => (operation === 'sync' ? { code: 'EIO' } : null))
    await expect(start(disk)).rejects.toMatchObject({ code: 'EIO' })
    disk.intercept(null)
    await using server = await start(disk)
    expect((await fetch(`${server.endpoint}/health/ready`)).status).toBe(200)
  })

  it('answers 503 to writes while no sync succeeds, serves reads, and goes on afterwards', async () => {
    const disk = new MemoryFileSystem()
    await using server = await start(disk)
    const s3 = clientOf(server)
    const put = (Key: string) => s3.send(new PutObjectCommand({ Bucket: 'one', Key, Body: Key }))
    await put('before')
    disk.intercept(({ operation }) => (operation === 'sync' ? { code: 'EIO' } : null))
    await expect(put('during')).rejects.toMatchObject({ $metadata: { httpStatusCode: 503 } })
    expect(await textOf(s3, 'before')).toBe('before')
    await expect(textOf(s3, 'during')).rejects.toMatchObject({ name: 'NoSuchKey' })
    disk.intercept(null)
    await expect
      .poll(() =>
        put('after').then(
          () => 'done',
          () => 'not yet',
        ),
      )
      .toBe('done')
    expect(await textOf(s3, 'after')).toBe('after')
    s3.destroy()
  })
})

describe('stopping', () => {
  it('lets go of everything, whatever is under way, and twice is the same stop', async () => {
    const disk = new MemoryFileSystem()
    const server = await start(disk)
    const s3 = clientOf(server)
    const upload = { Bucket: 'one', Key: 'parts' }
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(upload))
    await s3.send(new AbortMultipartUploadCommand({ ...upload, UploadId }))
    const stopping = server.stop()
    expect(server.stop()).toBe(stopping)
    expect(await stopping).toBe(true)
    s3.destroy()
    await using next = await start(disk)
    expect(next.isRootNew).toBe(false)
  })
})
