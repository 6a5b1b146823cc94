import { execFileSync } from 'node:child_process'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { describe, expect, it, vi } from 'vitest'
import { temporaryFolder, VarveProcess } from './varve-process.ts'

vi.setConfig({ testTimeout: 90_000 })

const keys = {
  VARVE_ROOT_ACCESS_KEY: 'ROOT',
  VARVE_ROOT_SECRET_KEY: 'root-secret-key',
  VARVE_BUCKETS: 'photos',
}
const MIB = 1024 * 1024

function serve(args: readonly string[], env: Record<string, string> = {}): VarveProcess {
  return new VarveProcess(['serve', '--port', '0', ...args], { env: { ...keys, ...env } })
}

function clientOf(endpoint: string): S3Client {
  return new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: 'ROOT', secretAccessKey: 'root-secret-key' },
  })
}

function bodyOf(key: string, size: number): Buffer {
  // What compresses well would never fill a disk.
  let state = 0
  for (const letter of key) state = (Math.imul(state, 31) + letter.charCodeAt(0)) | 0
  const body = Buffer.allocUnsafe(size)
  for (let offset = 0; offset + 4 <= size; offset += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    body.writeInt32LE(state ^ (state >>> 15), offset)
  }
  return body
}

async function put(s3: S3Client, key: string, size: number): Promise<number | undefined> {
  try {
    const Body = bodyOf(key, size)
    const sent = await s3.send(new PutObjectCommand({ Bucket: 'photos', Key: key, Body }))
    return sent.$metadata.httpStatusCode
  } catch (error) {
    return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode
  }
}

async function expectWhole(s3: S3Client, key: string, size: number): Promise<void> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'photos', Key: key }))
  const bytes = Buffer.from((await Body?.transformToByteArray()) ?? [])
  expect(bytes.equals(bodyOf(key, size)), key).toBe(true)
}

async function ready(endpoint: string): Promise<string> {
  return (await fetch(`${endpoint}/health/ready`)).text()
}

/** Null when this machine does not let us mount anything. */
async function smallDisk(sizeMib: number) {
  const folder = await temporaryFolder()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMib}m`, 'tmpfs', folder.path], {
      stdio: 'ignore',
    })
  } catch {
    await folder[Symbol.asyncDispose]()
    return null
  }
  return {
    path: folder.path,
    [Symbol.asyncDispose]: async () => {
      execFileSync('umount', [folder.path])
      await folder[Symbol.asyncDispose]()
    },
  }
}

describe('on a real disk that is full', () => {
  it('deletes go on, compaction makes room, and writes resume by themselves', async (context) => {
    await using disk = await smallDisk(160)
    if (disk === null) return context.skip('needs the right to mount a tmpfs')
    const env = {
      VARVE_SEGMENT_SIZE_MAX: '32MiB',
      VARVE_COMPACTION_AGE_MIN_MS: '0',
      VARVE_COMPACTION_INTERVAL_MS: '200',
    }
    await using server = serve(['--data', join(disk.path, 'data')], env)
    const endpoint = await server.endpoint()
    const s3 = clientOf(endpoint)
    const stored: string[] = []
    for (let index = 0; index < 60; index++) {
      const key = `k${String(index).padStart(2, '0')}`
      const status = await put(s3, key, 4 * MIB)
      if (status === 507) break
      expect(status).toBe(200)
      stored.push(key)
    }
    expect(stored.length).toBeGreaterThan(20)
    expect(stored.length).toBeLessThan(40)
    expect(await put(s3, 'small', 100)).toBe(507)
    expect(await ready(endpoint)).toMatch(/^ok\ndegraded: the disk is full but for the reserve/)
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'photos' }))
    expect(Contents.map(({ Key }) => Key)).toEqual(stored)
    const kept = stored.filter((_, index) => index % 8 === 0)
    for (const key of kept) await expectWhole(s3, key, 4 * MIB)
    for (const key of stored) {
      if (kept.includes(key)) continue
      await s3.send(new DeleteObjectCommand({ Bucket: 'photos', Key: key }))
    }
    await expect.poll(() => put(s3, 'again', 4 * MIB), { timeout: 30_000, interval: 250 }).toBe(200)
    for (const key of [...kept, 'again']) await expectWhole(s3, key, 4 * MIB)
    await expect.poll(() => ready(endpoint), { timeout: 10_000 }).toBe('ok\n')
    s3.destroy()
    server.signal('SIGTERM')
    expect(await server.exited).toBe(0)
  })
})

describe('on two real directories', () => {
  it('a disk that was replaced is filled, and holds everything when the other one is gone', async () => {
    await using folder = await temporaryFolder()
    const [first, second] = [join(folder.path, 'a'), join(folder.path, 'b')]
    for (const path of [first, second]) await mkdir(path)
    const args = ['--data', first, '--mirror-dirs', second]
    const sizes = { small: 100, inline: 50_000, large: 3 * MIB }
    const writeAll = async (server: VarveProcess, prefix: string) => {
      const s3 = clientOf(await server.endpoint())
      for (const [name, size] of Object.entries(sizes)) {
        expect(await put(s3, `${prefix}-${name}`, size)).toBe(200)
      }
      s3.destroy()
    }
    const expectAll = async (server: VarveProcess, prefixes: readonly string[]) => {
      const s3 = clientOf(await server.endpoint())
      for (const prefix of prefixes) {
        for (const [name, size] of Object.entries(sizes)) {
          await expectWhole(s3, `${prefix}-${name}`, size)
        }
      }
      s3.destroy()
    }
    {
      await using server = serve(args)
      await writeAll(server, 'one')
      server.signal('SIGKILL')
      await server.exited
    }
    await rm(second, { recursive: true })
    await mkdir(second)
    {
      await using refused = serve(args)
      expect(await refused.exited).not.toBe(0)
      expect(refused.stderr).toContain(`--mirror-lost ${second}`)
      expect(await readdir(second)).toEqual(['lock'])
    }
    {
      await using server = serve([...args, '--mirror-lost', second])
      const endpoint = await server.endpoint()
      await expectAll(server, ['one'])
      await writeAll(server, 'two')
      await expect.poll(() => ready(endpoint), { timeout: 20_000 }).toBe('ok\n')
      await writeAll(server, 'three')
      server.signal('SIGKILL')
      await server.exited
    }
    await rm(first, { recursive: true })
    await using server = serve([...args, '--mirror-lost', first])
    await expectAll(server, ['one', 'two', 'three'])
    expect(await ready(await server.endpoint())).toContain(
      `mirror ${first} is not in use: not there`,
    )
    server.signal('SIGTERM')
    expect(await server.exited).toBe(0)
  })
})
