import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { MemoryKv } from '../../src/catalog/kv/memory-kv.ts'
import { type RunningServer, startServer } from '../../src/compose/start-server.ts'
import { configFrom } from '../../src/config/load.ts'
import { systemClock } from '../../src/platform/clock.ts'
import type { CrashModel } from '../../src/platform/crash-model.ts'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { silentLog } from '../../src/telemetry/log.ts'

type Disks = Readonly<Record<string, MemoryFileSystem>>

async function diskWith(directory: string): Promise<MemoryFileSystem> {
  const fs = new MemoryFileSystem({ simulate: true })
  await fs.makeDirectory(directory)
  return fs
}

async function twoDisks(): Promise<Record<'/a' | '/b', MemoryFileSystem>> {
  return { '/a': await diskWith('/a'), '/b': await diskWith('/b') }
}

/** The index is a cache: it dies with the process, and every start makes it from the journal. */
async function start(
  disks: Disks,
  settings: { readonly mirrorDirs?: string[]; readonly mirrorLost?: string[] } = {},
): Promise<RunningServer> {
  const gone = new MemoryFileSystem()
  const ground = {
    fileSystem: disks['/a'] ?? gone,
    fileSystemOf: (directory: string) => disks[directory] ?? gone,
    clock: systemClock,
    random: systemRandom,
    openIndex: async () => new MemoryKv(),
  }
  const keys = { rootAccessKey: 'ROOT', rootSecretKey: 'root-secret-key' }
  const config = configFrom({
    dataDir: '/a',
    mirrorDirs: ['/b'],
    port: 0,
    buckets: ['one'],
    drainTimeoutMs: 200,
    ...keys,
    ...settings,
  })
  return startServer({ config, ground, log: silentLog })
}

function clientOf({ endpoint }: RunningServer): S3Client {
  return new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: 'ROOT', secretAccessKey: 'root-secret-key' },
  })
}

async function put(s3: S3Client, Key: string, Body: string): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket: 'one', Key, Body }))
}

async function get(s3: S3Client, Key: string): Promise<string | undefined> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'one', Key }))
  return Body?.transformToString()
}

async function ready({ endpoint }: RunningServer): Promise<string> {
  return (await fetch(`${endpoint}/health/ready`)).text()
}

const large = 'sediment'.repeat(40_000)

/** Small and large, of which each disk must have every byte. */
async function write(server: RunningServer, names: readonly string[]): Promise<void> {
  const s3 = clientOf(server)
  for (const name of names) {
    await put(s3, `${name}-small`, `${name} small`)
    await put(s3, `${name}-large`, `${name} ${large}`)
  }
  s3.destroy()
}

async function expectAll(server: RunningServer, names: readonly string[]): Promise<void> {
  const s3 = clientOf(server)
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'one' }))
  const keys = names.flatMap((name) => [`${name}-large`, `${name}-small`]).sort()
  expect(Contents.map(({ Key }) => Key)).toEqual(keys)
  for (const name of names) {
    expect(await get(s3, `${name}-small`)).toBe(`${name} small`)
    expect((await get(s3, `${name}-large`)) === `${name} ${large}`).toBe(true)
  }
  s3.destroy()
}

function crashed(disks: Disks, model: CrashModel, seed: number): Disks {
  const entries = Object.entries(disks).map(([directory, disk], index) => {
    return [directory, disk.crash({ model, seed: seed + index })] as const
  })
  return Object.fromEntries(entries)
}

describe('a server on two directories', () => {
  it.each(['lose-all', 'subset', 'torn', 'keep-all', 'kill'] satisfies CrashModel[])(
    'has everything on both after a power cut, and on each alone: %s',
    async (model) => {
      const disks = await twoDisks()
      await using before = await start(disks)
      await write(before, ['one', 'two'])
      const left = crashed(disks, model, 11)
      {
        await using after = await start(left)
        await expectAll(after, ['one', 'two'])
        expect(await ready(after)).toBe('ok\n')
      }
      for (const [directory, other] of [
        ['/a', '/b'],
        ['/b', '/a'],
      ] as const) {
        const alone = { [directory]: left[directory]!.crash({ model: 'lose-all' }) }
        await using server = await start(alone, { mirrorLost: [other] })
        await expectAll(server, ['one', 'two'])
      }
    },
  )

  for (const dead of ['/a', '/b'] as const) {
    const other = dead === '/a' ? '/b' : '/a'

    it(`goes on without ${dead}, never trusts it again, and fills it when it is back`, async () => {
      const disks = await twoDisks()
      {
        await using server = await start(disks)
        await write(server, ['before'])
        disks[dead].intercept(() => ({ code: 'EIO' }))
        await write(server, ['during'])
        await expectAll(server, ['before', 'during'])
        expect(await ready(server)).toBe(`ok\ndegraded: mirror ${dead} is not in use: EIO\n`)
      }
      disks[dead].intercept(null)
      const left = crashed(disks, 'lose-all', 5)
      await expect(start({ [dead]: left[dead]! })).rejects.toThrow(`--mirror-lost ${other}`)
      // Not even when nothing says that there was a mirror.
      if (dead === '/a') {
        await expect(start({ '/a': left['/a']! }, { mirrorDirs: [] })).rejects.toThrow('stale')
      }
      await using server = await start(left)
      await expectAll(server, ['before', 'during'])
      await write(server, ['after'])
      await expect.poll(() => ready(server)).toBe('ok\n')
      await expectAll(server, ['after', 'before', 'during'])
      const again = crashed(left, 'lose-all', 6)
      await using alone = await start({ [dead]: again[dead]! }, { mirrorLost: [other] })
      await expectAll(alone, ['after', 'before', 'during'])
    })

    it(`fills an empty disk in the place of ${dead} while it is used`, async () => {
      const disks = await twoDisks()
      {
        await using server = await start(disks)
        await write(server, ['before'])
      }
      const replaced = { ...disks, [dead]: await diskWith(dead) }
      await expect(start(replaced)).rejects.toThrow(`--mirror-lost ${dead}`)
      await using server = await start(replaced, { mirrorLost: [dead] })
      const writing = write(server, ['one', 'two', 'three'])
      await expect.poll(() => ready(server)).toBe('ok\n')
      await writing
      const left = crashed(replaced, 'lose-all', 3)
      await using alone = await start({ [dead]: left[dead]! }, { mirrorLost: [other] })
      await expectAll(alone, ['before', 'one', 'three', 'two'])
    })
  }

  it('serves what decayed or is missing on one from the other, and mends it', async () => {
    const disks = await twoDisks()
    {
      await using server = await start(disks)
      await write(server, ['one'])
    }
    for (const folder of ['hot', 'journal']) {
      for (const name of await disks['/a'].list(`/a/${folder}`)) {
        await using file = await disks['/a'].open(`/a/${folder}/${name}`, 'update')
        const size = await file.size()
        for (let offset = 40; offset < size; offset += 5000) {
          await file.write([Buffer.from('rot!')], offset)
        }
      }
    }
    {
      await using server = await start(disks)
      await expectAll(server, ['one'])
      expect(await ready(server)).toBe('ok\n')
      for (const name of await disks['/b'].list('/b/hot'))
        await disks['/b'].remove(`/b/hot/${name}`)
      await expectAll(server, ['one'])
    }
    await using server = await start(disks)
    await expectAll(server, ['one'])
    await using alone = await start(
      { '/b': disks['/b'].crash({ model: 'lose-all' }) },
      {
        mirrorLost: ['/a'],
      },
    )
    await expectAll(alone, ['one'])
  })

  it('takes a store that was alone so far, and makes it two', async () => {
    const disks = await twoDisks()
    {
      await using server = await start(disks, { mirrorDirs: [] })
      await write(server, ['one'])
    }
    expect(await disks['/b'].list('/b')).toEqual([])
    await using server = await start(disks)
    await expectAll(server, ['one'])
    await expect.poll(() => ready(server)).toBe('ok\n')
    const left = crashed(disks, 'lose-all', 1)
    await using alone = await start({ '/b': left['/b']! }, { mirrorLost: ['/a'] })
    await expectAll(alone, ['one'])
  })
})
