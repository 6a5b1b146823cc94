import { describe, expect, it } from 'vitest'
import type { StorageClass } from '../../../src/model/storage-class.ts'
import { MemoryFileSystem } from '../../../src/platform/memory-fs.ts'
import { spaceRange, spaces } from '../../../src/store/rows/keys.ts'
import { bucket, get, key, neverAborted, noise, put, remove } from '../store-requests.ts'
import { openTieringBed, type TieringBed } from './tiering-bed.ts'

const classed = (storageClass: StorageClass) => ({
  attributes: { headers: {}, metadata: new Map(), storageClass, tags: [] },
})
/** LZ4 finds nothing in it, Zstd does. */
const letters = (size: number, seed: number) =>
  Buffer.from(noise(size, seed).map((byte) => 97 + (byte & 15)))

async function bedWith(
  bodies: Readonly<Record<string, Buffer>>,
  storageClass: StorageClass = 'STANDARD',
): Promise<TieringBed> {
  const bed = await openTieringBed(new MemoryFileSystem({ simulate: true }))
  await bed.store.createBucket(bucket, { region: 'x' })
  for (const [name, body] of Object.entries(bodies)) {
    await put(bed.store, name, body, classed(storageClass))
  }
  return bed
}

async function expectAll(bed: TieringBed, bodies: Readonly<Record<string, Buffer>>) {
  for (const [name, body] of Object.entries(bodies)) {
    expect((await get(bed.store, name)).equals(body), name).toBe(true)
    if (body.length < 20) continue
    const part = await get(bed.store, name, { range: { start: 7, end: 16 } })
    expect(part.equals(body.subarray(7, 17)), name).toBe(true)
  }
}

function pendingCount(bed: TieringBed): number {
  return [...bed.catalog.range(spaceRange(spaces.pendingMove))].length
}

const large = { a: noise(6000, 1), b: letters(6000, 2), c: noise(4000, 3) }

describe('segments that age', () => {
  it('go from hot to warm to cold, and are read from anywhere', async () => {
    const bed = await bedWith(large)
    await bed.sealAll()
    expect(await bed.moveAll()).toBe(0)
    bed.pass(11)
    const hot = bed.dataIn('hot')
    expect(await bed.moveAll()).toBeGreaterThan(1)
    expect(bed.dataIn('hot')).toBe(0)
    // Zstd makes less of it than LZ4 did.
    expect(bed.dataIn('warm')).toBeLessThan(hot)
    await expectAll(bed, large)
    await bed.audit()
    bed.heat.cool(Date.now() + 1e12)
    bed.pass(101)
    expect(await bed.moveAll()).toBeGreaterThan(1)
    expect([bed.dataIn('hot'), bed.dataIn('warm')]).toEqual([0, 0])
    await expectAll(bed, large)
    await bed.audit()
    expect(
      bed.events.every(({ event }) => event.startsWith('compacted') || event === 'segment-removed'),
    ).toBe(true)
    await bed.close()
  })

  it('leave their dead behind', async () => {
    const bed = await bedWith(large)
    await bed.sealAll()
    await remove(bed.store, 'a')
    await remove(bed.store, 'b')
    bed.pass(11)
    await bed.moveAll()
    expect(bed.compaction.space().dead).toBe(0)
    expect(bed.dataIn('warm')).toBeLessThan(6000)
    await expectAll(bed, { c: large.c })
    await bed.audit()
    await bed.close()
  })

  it('stay while they are read, and cool down also without a process', async () => {
    const fs = new MemoryFileSystem({ simulate: true })
    const bed = await openTieringBed(fs)
    await bed.store.createBucket(bucket, { region: 'x' })
    await put(bed.store, 'a', large.a)
    for (let round = 0; round < 3; round++) await get(bed.store, 'a')
    bed.pass(11)
    await bed.sealAll()
    await bed.moveAll()
    expect(bed.dataIn('warm')).toBe(0)
    await bed.close()
    const next = await openTieringBed(fs, { seed: 2, hours: 12 })
    await next.moveAll()
    expect(next.dataIn('warm')).toBe(0)
    await next.close()
    const later = await openTieringBed(fs, { seed: 3, hours: 90 })
    await later.moveAll()
    expect(later.dataIn('hot')).toBe(0)
    await expectAll(later, { a: large.a })
    await later.close()
  })

  it('keep their heat when they are compacted', async () => {
    const bed = await bedWith({ a: large.a, c: large.c })
    await bed.sealAll()
    await remove(bed.store, 'c')
    for (let round = 0; round < 3; round++) await get(bed.store, 'a')
    const heat = [...bed.heat.entries.values()].reduce((sum, each) => sum + each, 0)
    expect(heat).toBeGreaterThan(5)
    while (await bed.compaction.step(neverAborted)) await bed.compaction.removed()
    const live = bed.segments.list('data').map(({ id }) => bed.heat.of(id))
    expect(live.reduce((sum, each) => sum + each, 0)).toBeCloseTo(heat)
    await bed.close()
  })

  it('are compacted within their tier', async () => {
    const bed = await bedWith({ ...large, d: noise(5000, 4) }, 'STANDARD_IA')
    await bed.sealAll()
    expect(bed.dataIn('hot')).toBe(0)
    const before = bed.dataIn('warm')
    await remove(bed.store, 'a')
    await remove(bed.store, 'd')
    while (await bed.compaction.step(neverAborted)) await bed.compaction.removed()
    expect(bed.dataIn('hot')).toBe(0)
    expect(bed.dataIn('warm')).toBeLessThan(before - 10_000)
    await expectAll(bed, { b: large.b, c: large.c })
    await bed.audit()
    await bed.close()
  })

  it('stay where they are when their tier has no room, and go on later', async () => {
    const fs = new MemoryFileSystem({ simulate: true })
    const bed = await openTieringBed(fs, { heatMax: Number.POSITIVE_INFINITY })
    await bed.store.createBucket(bucket, { region: 'x' })
    for (const [name, body] of Object.entries(large)) await put(bed.store, name, body)
    await bed.sealAll()
    bed.pass(11)
    fs.intercept(({ operation, path }) =>
      operation === 'write' && path.startsWith('/warm') ? { code: 'ENOSPC' } : null,
    )
    expect(await bed.moveAll()).toBe(0)
    await expectAll(bed, large)
    fs.intercept(null)
    expect(await bed.moveAll()).toBeGreaterThan(1)
    expect(bed.dataIn('hot')).toBe(0)
    await expectAll(bed, large)
    await bed.audit()
    await bed.close()
  })
})

describe('objects that aged', () => {
  async function aged(storageClass?: StorageClass): Promise<TieringBed> {
    const bed = await bedWith(large, storageClass)
    await bed.sealAll()
    bed.pass(101)
    await bed.moveAll()
    return bed
  }
  const named = { bucket, key: key('a'), signal: neverAborted }
  const copying = {
    ...named,
    source: { ...named, conditions: {} },
    headers: null,
    metadata: null,
    tags: null,
    storageClass: 'STANDARD',
    checksumAlgorithm: null,
    conditions: {},
  } as const

  it.each(['STANDARD', 'INTELLIGENT_TIERING'] as const)(
    'come back once they are read again, and no others with them: %s',
    async (storageClass) => {
      const bed = await aged(storageClass)
      expect([bed.dataIn('hot'), bed.dataIn('warm')]).toEqual([0, 0])
      await get(bed.store, 'a')
      await get(bed.store, 'b', { range: { start: 0, end: 2000 } })
      expect(await bed.moveAll()).toBe(0)
      await get(bed.store, 'a')
      await get(bed.store, 'b', { range: { start: 0, end: 2000 } })
      expect(await bed.moveAll()).toBe(1)
      const back = bed.dataIn('hot')
      expect(back).toBeGreaterThan(6000)
      expect(back).toBeLessThan(9000)
      const cold = await get(bed.store, 'a')
      expect(cold.equals(large.a)).toBe(true)
      expect(await bed.moveAll()).toBe(0)
      await expectAll(bed, large)
      await bed.audit()
      await bed.close()
    },
  )

  it('are forgotten when they are read seldom, and stay where their class is', async () => {
    const bed = await aged()
    await get(bed.store, 'a')
    bed.pass(3 * 24)
    await get(bed.store, 'a')
    expect(await bed.moveAll()).toBe(0)
    await bed.close()
    const classic = await aged('GLACIER_IR')
    for (let round = 0; round < 9; round++) await get(classic.store, 'a')
    expect(await classic.moveAll()).toBe(0)
    await classic.close()
  })

  it('come back at once by a copy onto themselves, or a transition', async () => {
    for (const way of ['copy', 'move']) {
      const bed = await aged()
      const { store } = bed
      if (way === 'move') await store.moveObject({ ...named, storageClass: 'STANDARD' })
      else await store.copyObject(copying)
      expect(bed.dataIn('hot'), way).toBeGreaterThan(6000)
      await expectAll(bed, large)
      await bed.audit()
      await bed.close()
    }
  })

  it('share their bytes, where they lie, with copies of other names', async () => {
    const bed = await aged()
    await bed.store.copyObject({ ...copying, key: key('z') })
    expect(bed.dataIn('hot')).toBe(0)
    await bed.close()
  })
})

describe('small bodies of a colder class', () => {
  const small = Object.fromEntries(
    Array.from({ length: 300 }, (_, index) => [`s${index}`, noise(1 + (index % 200), index)]),
  )

  it('are taken to its tier, and counted there', async () => {
    const bed = await bedWith(small, 'GLACIER')
    expect(pendingCount(bed)).toBe(300)
    const { bytes, tiers } = await bed.store.usage(bucket)
    expect(tiers.cold.bytes).toBe(0)
    await bed.moveAll()
    expect(pendingCount(bed)).toBe(0)
    expect((await bed.store.usage(bucket)).tiers.cold.bytes).toBe(bytes)
    expect(bed.dataIn('cold')).toBeGreaterThan(bytes)
    await expectAll(bed, small)
    await bed.audit()
    await bed.close()
  })

  it('are left alone when they were replaced or removed meanwhile', async () => {
    const bed = await bedWith({ a: noise(9), b: noise(9), c: noise(9) }, 'GLACIER')
    await remove(bed.store, 'a')
    await put(bed.store, 'b', noise(10))
    await put(bed.store, 'c', noise(5000), classed('STANDARD_IA'))
    await bed.moveAll()
    expect(pendingCount(bed)).toBe(0)
    const { tiers } = await bed.store.usage(bucket)
    expect([tiers.hot.bytes, tiers.warm.bytes, tiers.cold.bytes]).toEqual([10, 5000, 0])
    await bed.audit()
    await bed.close()
  })

  it('stay hot when they are given a hot class while they are on their way', async () => {
    const bed = await bedWith({ small: noise(100) }, 'GLACIER_IR')
    const order = { bucket, key: key('small'), signal: neverAborted }
    const moved = bed.store.moveObject({ ...order, storageClass: 'STANDARD' })
    expect(await Promise.all([bed.tiering.step(neverAborted), moved])).toEqual([true, true])
    await bed.moveAll()
    expect((await bed.store.usage(bucket)).tiers.cold.bytes).toBe(0)
    expect(pendingCount(bed)).toBe(0)
    await bed.audit()
    await bed.close()
  })

  it('wait while their tier has no room, and nobody who writes has to', async () => {
    const fs = new MemoryFileSystem({ simulate: true })
    const bed = await openTieringBed(fs)
    await bed.store.createBucket(bucket, { region: 'x' })
    await put(bed.store, 'a', noise(10), classed('GLACIER'))
    fs.intercept(({ operation, path }) =>
      operation === 'write' && path.startsWith('/cold') ? { code: 'ENOSPC' } : null,
    )
    expect(await bed.moveAll()).toBe(0)
    expect(bed.events.map(({ event }) => event)).toContain('object-move-failed')
    await put(bed.store, 'b', noise(10), classed('GLACIER'))
    fs.intercept(null)
    expect(await bed.moveAll()).toBeGreaterThan(0)
    expect((await bed.store.usage(bucket)).tiers.cold.bytes).toBe(20)
    await bed.audit()
    await bed.close()
  })

  it('go to the next hotter tier there is', async () => {
    const fs = new MemoryFileSystem()
    const bed = await openTieringBed(fs, { tiers: { warm: '/warm' } })
    await bed.store.createBucket(bucket, { region: 'x' })
    await put(bed.store, 'a', noise(10), classed('GLACIER'))
    await bed.moveAll()
    expect((await bed.store.usage(bucket)).tiers.warm.bytes).toBe(10)
    await bed.close()
  })

  it('stay hot where there is no other tier, and nothing is planned', async () => {
    const bed = await openTieringBed(new MemoryFileSystem(), { tiers: {} })
    await bed.store.createBucket(bucket, { region: 'x' })
    await put(bed.store, 'a', noise(10), classed('GLACIER'))
    await put(bed.store, 'b', noise(5000), classed('GLACIER'))
    expect(pendingCount(bed)).toBe(0)
    const head = { bucket, key: key('a'), conditions: {}, signal: neverAborted }
    expect((await bed.store.headObject(head)).storageClass).toBe('GLACIER')
    expect((await bed.store.usage(bucket)).tiers.hot.bytes).toBe(5010)
    await bed.close()
  })
})
