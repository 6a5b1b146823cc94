import { expect, it } from 'vitest'
import { MemoryKv } from '../../../src/catalog/kv/memory-kv.ts'
import { checkStore } from '../../../src/maintenance/check/check-store.ts'
import type { StoreGround } from '../../../src/maintenance/store-ground.ts'
import { writeFileAtomically } from '../../../src/platform/atomic-file.ts'
import { MemoryFileSystem } from '../../../src/platform/memory-fs.ts'
import { RemoteFileSystem } from '../../../src/platform/remote/remote-file-system.ts'
import { SeededRandom } from '../../../src/platform/seeded-random.ts'
import { LocalSegments } from '../../../src/segment/local-segments.ts'
import { MemoryFolder } from '../../platform/remote/memory-folder.ts'
import { bucket, noise, put, remove } from '../store-requests.ts'
import { openTieringBed, storeId } from './tiering-bed.ts'

const tiers = { warm: '/warm', cold: '/cold' }

it('finds a store whole after its segments were compressed anew in colder tiers', async () => {
  const fs = new MemoryFileSystem({ simulate: true })
  const bed = await openTieringBed(fs)
  await bed.store.createBucket(bucket, { region: 'x' })
  const letters = Buffer.from(noise(9000).map((byte) => 97 + (byte & 15)))
  await put(bed.store, 'letters', letters)
  await put(bed.store, 'dead', letters)
  await put(bed.store, 'noise', noise(9000))
  const attributes = {
    headers: {},
    metadata: new Map(),
    storageClass: 'GLACIER',
    tags: [],
  } as const
  await put(bed.store, 'small', 'x', { attributes })
  await bed.sealAll()
  const before = bed.dataIn('hot')
  bed.pass(20)
  await bed.moveAll()
  expect(bed.dataIn('hot')).toBe(0)
  expect(bed.dataIn('warm')).toBeLessThan(before * 0.9)
  await remove(bed.store, 'dead')
  await bed.close()
  const text = JSON.stringify({ format: 1, storeId })
  await writeFileAtomically(fs, '/data/varve.json', Buffer.from(text))
  const clock = { now: () => 1_800_000_000_000 }
  const random = new SeededRandom(7)
  const ground: StoreGround = {
    fileSystem: fs,
    path: '/data',
    clock,
    random,
    pageCodec: null,
    tierFolders: Object.values(tiers),
    openSegments: (disk, id) =>
      LocalSegments.open({ fs: disk, directory: '/data', tiers, storeId: id, clock, random }),
    readIndex: async () => null,
    openIndex: async () => new MemoryKv(),
  }
  const report = await checkStore(ground, { payloads: 'all' })
  const damages = report.findings.filter(({ weight }) => weight === 'damage')
  expect(damages).toEqual([])
})

it('names what a bucket has lost, and looks at all the rest', async () => {
  const fs = new MemoryFileSystem({ simulate: true })
  const remote = new MemoryFolder()
  const bed = await openTieringBed(fs, { remote })
  await bed.store.createBucket(bucket, { region: 'x' })
  const attributes = {
    headers: {},
    metadata: new Map(),
    storageClass: 'GLACIER',
    tags: [],
  } as const
  for (const name of ['a', 'b', 'c']) await put(bed.store, name, noise(7000), { attributes })
  await bed.sealAll()
  await bed.moveAll()
  await bed.close()
  const text = JSON.stringify({ format: 1, storeId })
  await writeFileAtomically(fs, '/data/varve.json', Buffer.from(text))
  const away = [...remote.files.keys()].filter((name) => name.endsWith('.seg'))
  for (const name of away.slice(0, 1)) remote.files.delete(name)
  const clock = { now: () => 1_800_000_000_000 }
  const random = new SeededRandom(7)
  const report = await checkStore(
    {
      ...{ fileSystem: fs, path: '/data', clock, random, pageCodec: null },
      tierFolders: ['/warm', '/cold'],
      openSegments: (local, id) => {
        const shipping = new RemoteFileSystem({ local, folder: '/cold', remote, owner: id })
        const place = { fs: shipping, directory: '/data', tiers, storeId: id, shipping }
        return LocalSegments.open({ ...place, clock, random })
      },
      readIndex: async () => null,
      openIndex: async () => new MemoryKv(),
    },
    { payloads: 'all' },
  )
  const damaged = report.findings.filter(({ weight }) => weight === 'damage')
  expect(damaged.map(({ kind }) => kind).sort()).toContain('segment')
  expect(damaged.find(({ kind }) => kind === 'blob')).toBeDefined()
  expect(report.segments.verifiedBytes).toBeGreaterThan(7000)
})
