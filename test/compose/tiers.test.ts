import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { expect, it } from 'vitest'
import { MemoryKv } from '../../src/catalog/kv/memory-kv.ts'
import { startServer } from '../../src/compose/start-server.ts'
import { configFrom } from '../../src/config/load.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { SeededRandom } from '../../src/platform/seeded-random.ts'
import { capturedLog } from '../telemetry/captured-log.ts'

const secretKey = 'a secret of sixteen'
const body = (index: number) => new SeededRandom(index).bytes(200_000)

function clientOf(endpoint: string, secretAccessKey: string): S3Client {
  return new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'root', secretAccessKey },
    maxAttempts: 1,
  })
}

function groundOn(fileSystem: MemoryFileSystem) {
  return {
    fileSystem,
    clock: systemClock,
    random: systemRandom,
    openIndex: async () => new MemoryKv(),
  }
}

async function bytesOf(s3: S3Client, Key: string, Range?: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'one', Key, Range }))
  return Buffer.from(await Body!.transformToByteArray())
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 50))
}

it('keeps what is cold in the bucket of another server', { timeout: 60_000 }, async () => {
  const keys = { rootAccessKey: 'root', rootSecretKey: secretKey, port: 0 }
  const { log } = capturedLog()
  const far = await startServer({
    config: configFrom({ ...keys, dataDir: '/far', buckets: ['vault'] }),
    ground: groundOn(new MemoryFileSystem()),
    log,
  })
  const disk = new MemoryFileSystem()
  const start = async () => {
    const config = configFrom({
      ...keys,
      dataDir: '/near',
      warmDir: '/warm',
      buckets: ['one'],
      compactionIntervalMs: 100,
      coldBucket: 'vault',
      coldEndpoint: far.endpoint,
      coldPrefix: 'near/',
      coldAccessKey: 'root',
      coldSecretKey: secretKey,
    })
    const server = await startServer({ config, ground: groundOn(disk), log })
    return { server, s3: clientOf(server.endpoint, secretKey) }
  }
  const first = await start()
  const classes = {
    hot: 'STANDARD',
    warm: 'STANDARD_IA',
    cold: 'GLACIER',
    small: 'GLACIER',
  } as const
  for (const [index, [Key, StorageClass]] of Object.entries(classes).entries()) {
    const Body = Key === 'small' ? body(index).subarray(0, 100) : body(index)
    await first.s3.send(new PutObjectCommand({ Bucket: 'one', Key, Body, StorageClass }))
  }
  const CopySource = 'one/hot'
  await first.s3.send(
    new CopyObjectCommand({ Bucket: 'one', Key: 'copy', CopySource, StorageClass: 'GLACIER_IR' }),
  )
  await first.server.stop()
  expect((await disk.list('/warm')).filter((name) => name.endsWith('.seg'))).toHaveLength(1)
  const sealed = (await disk.list('/near/cold')).filter((name) => name.endsWith('.seg'))
  expect(sealed.length).toBeGreaterThan(0)
  const second = await start()
  // What the first start has sealed goes; small bodies fill the next one, which is still open.
  await until(async () => {
    const names = await disk.list('/near/cold')
    return sealed.every((name) => names.includes(`${name}.remote`) && !names.includes(name))
  })
  expect((await bytesOf(second.s3, 'cold')).equals(body(2))).toBe(true)
  expect((await bytesOf(second.s3, 'copy')).equals(body(0))).toBe(true)
  expect((await bytesOf(second.s3, 'small')).equals(body(3).subarray(0, 100))).toBe(true)
  const part = await bytesOf(second.s3, 'cold', 'bytes=100000-100099')
  expect(part.equals(body(2).subarray(100_000, 100_100))).toBe(true)
  const head = await second.s3.send(new HeadObjectCommand({ Bucket: 'one', Key: 'cold' }))
  expect(head.StorageClass).toBe('GLACIER')
  await far.stop()
  const failure = await bytesOf(second.s3, 'cold').catch((error: unknown) => error)
  expect(failure).toMatchObject({ $metadata: { httpStatusCode: 503 } })
  expect((await bytesOf(second.s3, 'hot')).equals(body(0))).toBe(true)
  expect((await bytesOf(second.s3, 'warm')).equals(body(1))).toBe(true)
  await second.server.stop()
})
