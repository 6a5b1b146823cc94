import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { MemoryKv } from '../../src/catalog/kv/memory-kv.ts'
import { maintenanceGround } from '../../src/compose/maintenance-ground.ts'
import { startServer } from '../../src/compose/start-server.ts'
import { configFrom } from '../../src/config/load.ts'
import { backupStore } from '../../src/maintenance/backup/backup-store.ts'
import { DirectoryTarget } from '../../src/maintenance/backup/directory-target.ts'
import { drillBackup } from '../../src/maintenance/backup/drill.ts'
import { checkStore } from '../../src/maintenance/check/check-store.ts'
import { rebuildIndex } from '../../src/maintenance/repair/rebuild-index.ts'
import { repairStore } from '../../src/maintenance/repair/repair-store.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { silentLog } from '../../src/telemetry/log.ts'

const keys = { rootAccessKey: 'ROOT', rootSecretKey: 'root-secret-key' }
const mirrored = { dataDir: '/a', mirrorDirs: ['/b'], warmDir: '/a/warm' }
/** As a person would say it who knows one directory alone. */
const named = { dataDir: '/a', warmDir: '/a/warm' }

async function twoDirectories() {
  const fileSystem = new MemoryFileSystem()
  for (const path of ['/a', '/b']) await fileSystem.makeDirectory(path)
  const openIndex = async () => new MemoryKv()
  return { fileSystem, clock: systemClock, random: systemRandom, openIndex }
}

type Ground = Awaited<ReturnType<typeof twoDirectories>>

function groundOf(settings: Readonly<Record<string, unknown>>, ground: Ground) {
  return maintenanceGround(configFrom(settings), ground)
}

async function serve(ground: Ground, use: (s3: S3Client) => Promise<void>): Promise<void> {
  const settings = { ...mirrored, ...keys, port: 0, buckets: ['one'], drainTimeoutMs: 200 }
  await using server = await startServer({ config: configFrom(settings), ground, log: silentLog })
  const { endpoint } = server
  const credentials = { accessKeyId: 'ROOT', secretAccessKey: 'root-secret-key' }
  const client = { endpoint, region: 'us-east-1', forcePathStyle: true, credentials }
  const s3 = new S3Client(client)
  await use(s3)
  s3.destroy()
}

async function put(s3: S3Client, Key: string): Promise<void> {
  const Body = Buffer.alloc(100_000, Key)
  await s3.send(new PutObjectCommand({ Bucket: 'one', Key, Body, StorageClass: 'STANDARD_IA' }))
}

/** Written while one of the directories failed. */
async function leftBehind(stale: string): Promise<Ground> {
  const ground = await twoDirectories()
  await serve(ground, async (s3) => {
    await put(s3, 'before')
    ground.fileSystem.intercept(({ path }) => (path.startsWith(stale) ? { code: 'EIO' } : null))
    await put(s3, 'during')
  })
  ground.fileSystem.intercept(null)
  return ground
}

describe('maintenance of a mirror', () => {
  it.each(['/a', '/b'])('backs up what is complete, when %s was left behind', async (stale) => {
    const ground = await leftBehind(stale)
    await using target = await DirectoryTarget.open(new MemoryFileSystem(), '/backup', 'create')
    for (const settings of [mirrored, ...(stale === '/b' ? [named] : [])]) {
      const store = await groundOf(settings, ground)
      expect(await backupStore(store, target)).toMatchObject({ damages: [] })
      const { check, damagedFiles } = await drillBackup(target, store, { id: null })
      expect(check).toMatchObject({ damageCount: 0, rows: { objects: 2 } })
      expect(damagedFiles).toEqual([])
      const readIndex = async () => null
      const options = { payloads: 'all' } as const
      const { rows } = await checkStore({ ...store, readIndex }, options)
      expect(rows.objects).toBe(2)
    }
  })

  it('is refused where all may not be there', async () => {
    const ground = await leftBehind('/a')
    const store = await groundOf(mirrored, ground)
    expect(store.path).toBe('/b')
    for (const name of await ground.fileSystem.list('/b')) {
      if (name.endsWith('.json')) await ground.fileSystem.remove(`/b/${name}`)
    }
    for (const settings of [mirrored, named]) {
      await expect(groundOf(settings, ground)).rejects.toMatchObject({ kind: 'unusable' })
    }
    // It is asked again: what was complete may have been left behind meanwhile.
    await using target = await DirectoryTarget.open(new MemoryFileSystem(), '/backup', 'create')
    await expect(backupStore(store, target)).rejects.toMatchObject({ kind: 'unusable' })
  })

  it('changes no directory alone, nor takes what one has lost for lost', async () => {
    const ground = await leftBehind('/b')
    const store = await groundOf(mirrored, ground)
    const invalid = { kind: 'invalid' }
    const repair = repairStore(store, { apply: false, region: 'us-east-1' })
    await expect(repair).rejects.toMatchObject(invalid)
    await expect(rebuildIndex(store, { force: true })).rejects.toMatchObject(invalid)
  })
})

describe('tiers of a mirror', () => {
  it('lie in each of its directories, or are refused', async () => {
    const ground = await twoDirectories()
    await serve(ground, (s3) => put(s3, 'one'))
    const segment = (name: string) => name.endsWith('.seg')
    const names = (await ground.fileSystem.list('/a/warm')).filter(segment)
    expect(names.length).toBeGreaterThan(0)
    expect((await ground.fileSystem.list('/b/warm')).filter(segment)).toEqual(names)
    expect(() => configFrom({ ...mirrored, warmDir: '/warm' })).toThrow('lie in the data directory')
    expect(() => configFrom({ ...mirrored, coldDir: '/cold' })).toThrow('lie in the data directory')
    expect(configFrom({ ...mirrored, mirrorDirs: [], warmDir: '/warm' }).warmDir).toBe('/warm')
  })

  it('are named where they are in use, or nothing is done', async () => {
    const ground = await twoDirectories()
    await serve(ground, (s3) => put(s3, 'one'))
    const store = await groundOf({ dataDir: '/a' }, ground)
    await using target = await DirectoryTarget.open(new MemoryFileSystem(), '/backup', 'create')
    await expect(backupStore(store, target)).rejects.toMatchObject({ kind: 'unusable' })
  })
})
