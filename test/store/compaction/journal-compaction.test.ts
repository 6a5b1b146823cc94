import { beforeEach, describe, expect, it } from 'vitest'
import { MemoryFileSystem } from '../../../src/platform/memory-fs.ts'
import { countGarbage, garbageTotals } from '../../../src/store/garbage-total.ts'
import { garbageTotalKey, garbageTotalsKept } from '../../../src/store/rows/keys.ts'
import { LastingKv } from '../../catalog/catalog-bed.ts'
import { flip } from '../../segment/fixture.ts'
import {
  bucket,
  failure,
  get,
  keysOf,
  neverAborted,
  noise,
  open,
  put,
  remove,
} from '../store-requests.ts'
import { type CompactionBed, openCompactionBed } from './compaction-bed.ts'

const COUNT = 60
const name = (index: number) => `o${String(index).padStart(2, '0')}`
const body = (index: number) => noise(150 + index, index)
const isKept = (index: number) => index % 6 === 0

async function folderSize(fs: MemoryFileSystem, folder: string): Promise<number> {
  let size = 0
  for (const file of await fs.list(folder)) size += (await fs.stat(`${folder}/${file}`))!.size
  return size
}

async function expectKept(bed: CompactionBed): Promise<void> {
  const kept = Array.from({ length: COUNT }, (_, index) => index).filter(isKept)
  expect(await keysOf(bed.store)).toEqual(kept.map(name))
  for (const index of kept) {
    expect((await get(bed.store, name(index))).equals(body(index)), name(index)).toBe(true)
  }
  await bed.audit()
}

describe('small objects in the journal', () => {
  let fs: MemoryFileSystem
  let kv: LastingKv
  let bed: CompactionBed

  beforeEach(async () => {
    fs = new MemoryFileSystem({ simulate: true })
    kv = new LastingKv()
    bed = await openCompactionBed(fs, { journal: true, kv: kv.open() })
    await bed.store.createBucket(bucket, { region: 'x' })
    for (let index = 0; index < COUNT; index++) await put(bed.store, name(index), body(index))
  })

  it('give their space back when they are deleted, and move when they are not', async () => {
    for (let index = 0; index < COUNT; index++) {
      if (!isKept(index)) await remove(bed.store, name(index))
    }
    const before = await folderSize(fs, '/data/journal')
    const { dead } = bed.compaction.space()
    expect(dead).toBeGreaterThan(8000)
    await bed.compactAll()
    expect(bed.compaction.space()).toMatchObject({ dead: 0, reclaiming: 0 })
    expect(await folderSize(fs, '/data/journal')).toBeLessThan(before / 5)
    expect(bed.segments.list('data')).toHaveLength(1)
    await expectKept(bed)
    await bed.close()
    const next = await openCompactionBed(fs, { journal: true, seed: 2 })
    await expectKept(next)
    await next.close()
  })

  it('tell at once what lives and what is dead, tier by tier', async () => {
    const before = bed.compaction.space()
    expect(before.dead).toBe(0)
    await remove(bed.store, name(1))
    const after = bed.compaction.space()
    expect(after.dead).toBeGreaterThan(150)
    expect(after.tiers.hot).toEqual({ live: after.live, dead: after.dead, reclaiming: 0 })
    expect(after.tiers.cold).toEqual({ live: 0, dead: 0, reclaiming: 0 })
    await bed.close()
  })

  it('are read on by who began before they moved', async () => {
    for (let index = 0; index < COUNT; index++) {
      if (!isKept(index)) await remove(bed.store, name(index))
    }
    const reader = await open(bed.store, name(0))
    const leave = bed.readers.enter()
    while (await bed.compaction.step(neverAborted)) await bed.audit()
    expect(bed.compaction.space().reclaiming).toBeGreaterThan(8000)
    const pieces: Uint8Array[] = []
    for await (const piece of reader.body) pieces.push(piece)
    expect(Buffer.concat(pieces).equals(body(0))).toBe(true)
    leave()
    await bed.compaction.removed()
    expect(bed.compaction.space().reclaiming).toBe(0)
    await expectKept(bed)
    await bed.close()
  })

  it('stay where they are when a record beside them has decayed', async () => {
    const [first] = bed.segments.list('journal')
    for await (const step of bed.segments.scan(first!.id)) {
      if (step.step !== 'record' || step.header.kind !== 'chunk') continue
      await flip(fs, '/data/journal/00000001.seg', step.header.place.offset + 60)
      break
    }
    await bed.compactAll()
    expect(await fs.list('/data/journal')).toContain('00000001.seg')
    expect((await fs.list('/data/journal')).length).toBeLessThan(4)
    expect(bed.events.map(({ event }) => event)).toContain('damaged-source')
    expect(await failure(get(bed.store, name(0)))).toBe('corruption')
    for (let index = 1; index < COUNT; index++) {
      expect((await get(bed.store, name(index))).equals(body(index))).toBe(true)
    }
    await bed.close()
  })

  describe('of which the journal is gone', () => {
    beforeEach(async () => {
      for (let index = 0; index < COUNT; index++) {
        if (!isKept(index)) await remove(bed.store, name(index))
      }
      await bed.compactAll()
      expect(bed.catalog.release.start).toBeGreaterThan(COUNT)
      await bed.close()
    })

    const snapshots = '/data/snapshots'
    const spoil = async (image: MemoryFileSystem, file: string, how: string) => {
      const path = `${snapshots}/${file}`
      const { size } = (await image.stat(path))!
      if (how === 'missing') await image.remove(path)
      if (how === 'damaged in its header') await flip(image, path, 20)
      if (how === 'damaged in a page') await flip(image, path, 400)
      if (how === 'damaged at its end') await flip(image, path, size - 40)
    }

    it.each(['missing', 'damaged in its header', 'damaged in a page', 'damaged at its end'])(
      'are there while one snapshot is %s, and not taken for none when both are',
      async (how) => {
        const files = await fs.list(snapshots)
        expect(files).toHaveLength(2)
        for (const file of files) {
          const image = fs.crash({ model: 'keep-all' })
          await spoil(image, file, how)
          const next = await openCompactionBed(image, { journal: true, seed: 2 })
          await expectKept(next)
          // Two good ones again, before any more is given up.
          for (let index = 0; index < COUNT; index++) await put(next.store, 'more', noise(200))
          await remove(next.store, 'more')
          await next.compactAll()
          await next.close()
          const last = await openCompactionBed(image, { journal: true, seed: 3 })
          await expectKept(last)
          await last.close()
        }
        const image = fs.crash({ model: 'keep-all' })
        for (const file of files) await spoil(image, file, how)
        const before = await image.list('/data/hot')
        await expect(openCompactionBed(image, { journal: true, seed: 2 })).rejects.toMatchObject({
          name: 'CatalogError',
          kind: 'corruption',
          message: expect.stringContaining('no snapshot'),
        })
        expect(await image.list('/data/hot')).toEqual(before)
        // The index still tells everything.
        const saved = await openCompactionBed(image, { journal: true, seed: 2, kv: kv.open() })
        await expectKept(saved)
        await saved.close()
      },
    )
  })
})

describe('a store from before garbage was counted', () => {
  it('has it counted once', async () => {
    const fs = new MemoryFileSystem({ simulate: true })
    const bed = await openCompactionBed(fs)
    await bed.store.createBucket(bucket, { region: 'x' })
    for (let index = 0; index < 4; index++) await put(bed.store, name(index), noise(3000, index))
    for (let index = 0; index < 3; index++) await remove(bed.store, name(index))
    const expected = [...garbageTotals(bed.catalog)]
    const adds = expected.map(({ segment, storedSize }) => ({
      key: garbageTotalKey(segment),
      delta: -storedSize,
    }))
    await bed.catalog.commit({ adds })
    expect([...garbageTotals(bed.catalog)]).toEqual([])
    await countGarbage(bed.catalog)
    expect([...garbageTotals(bed.catalog)]).toEqual(expected)
    expect(bed.catalog.get(garbageTotalsKept)).not.toBeNull()
    const { sequence } = bed.catalog
    await countGarbage(bed.catalog)
    expect(bed.catalog.sequence).toBe(sequence)
    await bed.audit()
    await bed.close()
  })
})
