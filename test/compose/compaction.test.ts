import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { expect, it } from 'vitest'
import { diskGround } from '../../src/compose/ground.ts'
import { startServer } from '../../src/compose/start-server.ts'
import { configFrom } from '../../src/config/load.ts'
import { SeededRandom } from '../../src/platform/seeded-random.ts'
import { capturedLog } from '../telemetry/captured-log.ts'

const MIB = 1024 * 1024
const COUNT = 120
const body = (index: number) => new SeededRandom(index).bytes(2 * MIB)

async function folderSize(folder: string): Promise<number> {
  let size = 0
  for (const name of await readdir(folder)) {
    // A file may go between the two.
    size += await stat(join(folder, name)).then(
      (found) => found.size,
      () => 0,
    )
  }
  return size
}

it('brings the space of what was deleted back by itself, on a real disk', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'varve-compaction-'))
  const { log, lines } = capturedLog()
  const start = async () => {
    const config = configFrom({
      dataDir,
      port: 0,
      buckets: ['one'],
      segmentSizeMax: 32 * MIB,
      compactionAgeMinMs: 0,
      compactionIntervalMs: 500,
    })
    const server = await startServer({ config, ground: await diskGround(), log })
    const { accessKey: accessKeyId, secretKey: secretAccessKey } = server.root
    const s3 = new S3Client({
      endpoint: server.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
    })
    return { server, s3 }
  }
  const expectLiving = async (s3: S3Client) => {
    for (let index = 0; index < COUNT; index += 10) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'one', Key: `o${index}` }))
      const bytes = await Body!.transformToByteArray()
      expect(body(index).equals(bytes), `o${index}`).toBe(true)
    }
  }
  try {
    const { server, s3 } = await start()
    for (let index = 0; index < COUNT; index++) {
      const put = { Bucket: 'one', Key: `o${index}`, Body: body(index) }
      await s3.send(new PutObjectCommand(put))
    }
    const full = await folderSize(join(dataDir, 'hot'))
    const Objects = Array.from({ length: COUNT }, (_, index) => ({ Key: `o${index}` }))
    const gone = Objects.filter((_, index) => index % 10 !== 0)
    await s3.send(new DeleteObjectsCommand({ Bucket: 'one', Delete: { Objects: gone } }))
    // Segments still being written keep their dead: at most one per lane.
    const dead = full * 0.9
    const reclaimed = async () => full - (await folderSize(join(dataDir, 'hot')))
    await expect.poll(reclaimed, { timeout: 60_000 }).toBeGreaterThan(dead * 0.7)
    await expectLiving(s3)
    s3.destroy()
    await server.stop()

    const next = await start()
    await expect.poll(reclaimed, { timeout: 60_000 }).toBeGreaterThan(dead * 0.98)
    await expectLiving(next.s3)
    next.s3.destroy()
    await next.server.stop()
    const compacted = lines.filter(({ msg }) => msg === 'segments compacted')
    expect(compacted.length).toBeGreaterThan(0)
    const sum = (field: string) =>
      compacted.reduce((total, line) => total + Number((line as Record<string, unknown>)[field]), 0)
    expect(sum('writtenSize')).toBeLessThan(full * 0.4)
    expect(lines.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([])
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}, 180_000)
