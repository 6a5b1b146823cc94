import { describe, expect, it } from 'vitest'
import { MemoryFileSystem } from '../../../src/platform/memory-fs.ts'
import { SegmentFamily } from '../../../src/store/compaction/segment-family.ts'
import { bucket, get, key, keysOf, neverAborted, noise, put, remove } from '../store-requests.ts'
import { openTieringBed, type TieringBed } from './tiering-bed.ts'

const models = ['lose-all', 'keep-all', 'subset', 'torn', 'kill'] as const
const cold = { headers: {}, metadata: new Map(), storageClass: 'GLACIER' as const, tags: [] }
const bodies: Readonly<Record<string, Buffer>> = {
  large: noise(3000, 1),
  text: Buffer.alloc(5000, 'a line that repeats; '),
  'small and cold': noise(100, 2),
  moved: noise(2500, 3),
}
const classes = ['STANDARD_IA', 'DEEP_ARCHIVE'] as const

async function filledDisk(): Promise<MemoryFileSystem> {
  const fs = new MemoryFileSystem({ simulate: true })
  const bed = await openTieringBed(fs)
  await bed.store.createBucket(bucket, { region: 'x' })
  for (const [name, body] of Object.entries(bodies)) {
    await put(bed.store, name, body, name === 'small and cold' ? { attributes: cold } : {})
  }
  await put(bed.store, 'dead', noise(2000, 9))
  await remove(bed.store, 'dead')
  await bed.close()
  return fs
}

/** Segments age into warm and cold, a small body goes to its tier, an object changes its class. */
async function moveEverything(bed: TieringBed): Promise<void> {
  await bed.moveAll()
  for (const storageClass of classes) {
    const moved = { bucket, key: key('moved'), storageClass, signal: neverAborted }
    await bed.store.moveObject(moved)
  }
  bed.heat.cool(Date.now() + 1e12)
  bed.pass(200)
  await bed.sealAll()
  await bed.moveAll()
}

async function expectWhole(bed: TieringBed, at: string): Promise<void> {
  expect(await keysOf(bed.store), at).toEqual(Object.keys(bodies).sort())
  for (const [name, body] of Object.entries(bodies)) {
    expect((await get(bed.store, name)).equals(body), `${at}: ${name}`).toBe(true)
  }
  await bed.audit({ holes: true })
  const family = SegmentFamily.load(bed.catalog)
  for (const { id } of bed.segments.list('data')) {
    expect(family.isReplaced(id), `${at}: ${id} was replaced`).toBe(false)
  }
  expect(bed.segments.findings, at).toEqual([])
  expect(
    bed.events.filter(({ event }) => event === 'segment-kept'),
    at,
  ).toEqual([])
}

describe('moves between tiers, crashed', { timeout: 300_000 }, () => {
  it('lose nothing and fail no reader, at every disk operation', async () => {
    const disk = await filledDisk()
    const bed = await openTieringBed(disk, { seed: 2, hours: 20 })
    const images: [string, MemoryFileSystem][] = []
    const take = (at: string, seed: number) => {
      const model = models[seed % models.length]!
      images.push([`${model} ${at}`, disk.crash({ model, seed })])
      images.push([`lose-all ${at}`, disk.crash({ model: 'lose-all', seed })])
    }
    disk.intercept(({ index, operation, path }) => {
      if (operation === 'read' || operation === 'stat') return null
      take(`before ${index} ${operation} ${path}`, index)
      return null
    })
    let isMoving = true
    let readCount = 0
    const read = async () => {
      for (const names = Object.keys(bodies); isMoving; readCount++) {
        const name = names[readCount % names.length]!
        expect((await get(bed.store, name)).equals(bodies[name]!), name).toBe(true)
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    const reading = Promise.all([read(), read()])
    // Readers keep it warm, so that it is cooled by hand.
    const cooling = setInterval(() => bed.heat.cool(Date.now() + 1e13), 1)
    await moveEverything(bed)
    clearInterval(cooling)
    isMoving = false
    await reading
    // What they have read came back: it is sealed, and ages again.
    await bed.moveAll()
    await bed.sealAll()
    bed.pass(200)
    bed.heat.cool(Date.now() + 1e14)
    await bed.moveAll()
    disk.intercept(null)
    take('at end', 0)
    expect(readCount).toBeGreaterThan(50)
    expect(images.length).toBeGreaterThan(100)
    for (const [at, image] of images) {
      const next = await openTieringBed(image, { seed: 3, hours: 300 })
      await expectWhole(next, at)
      await next.moveAll()
      await expectWhole(next, `${at}, moved again`)
      expect((await next.store.usage(bucket)).tiers.cold.bytes, at).toBeGreaterThanOrEqual(100)
      await next.close()
    }
    await expectWhole(bed, 'the one that went on')
    expect([bed.dataIn('hot'), bed.dataIn('warm')]).toEqual([0, 0])
    await bed.close()
  })

  it('survive the failure of any one disk operation', async () => {
    const start = await filledDisk()
    // Every fifth of them, so that it does not take minutes; the first runs differ, not the steps.
    for (let failing = 0, isOver = false; !isOver; failing += 5) {
      const disk = start.crash({ model: 'kill' })
      const bed = await openTieringBed(disk, { seed: 2, hours: 20 })
      let count = 0
      disk.intercept(() => (count++ === failing ? { code: 'EIO' } : null))
      await moveEverything(bed).catch(() => {})
      isOver = count <= failing
      disk.intercept(null)
      const at = `operation ${failing}`
      const next = await openTieringBed(disk.crash({ model: 'kill' }), { seed: 3, hours: 300 })
      await expectWhole(next, at)
      await next.close()
      await bed.close()
      const last = await openTieringBed(disk, { seed: 4, hours: 600 })
      await last.moveAll()
      await expectWhole(last, `${at}, gone on`)
      await last.close()
    }
  })
})
