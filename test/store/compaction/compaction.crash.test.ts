import { describe, expect, it } from 'vitest'
import { MemoryFileSystem } from '../../../src/platform/memory-fs.ts'
import { COMPACTION_LANE } from '../../../src/segment/types.ts'
import { SegmentFamily } from '../../../src/store/compaction/segment-family.ts'
import {
  bucket,
  failure,
  get,
  keysOf,
  neverAborted,
  noise,
  put,
  remove,
} from '../store-requests.ts'
import { type CompactionBed, openCompactionBed } from './compaction-bed.ts'

const models = ['lose-all', 'keep-all', 'subset', 'torn', 'kill'] as const
const name = (index: number) => `o${String(index).padStart(2, '0')}`
const body = (index: number) => noise(3000 + index, index)

async function mostlyDeadDisk(): Promise<MemoryFileSystem> {
  const fs = new MemoryFileSystem({ simulate: true })
  const bed = await openCompactionBed(fs, { journal: true })
  await bed.store.createBucket(bucket, { region: 'x' })
  for (let index = 0; index < 12; index++) await put(bed.store, name(index), body(index))
  for (let index = 0; index < 12; index++) if (index % 4) await remove(bed.store, name(index))
  await bed.close()
  return fs
}

/** Every object byte for byte, every record once, and no file that is of no use. */
async function expectWhole(bed: CompactionBed, at: string): Promise<void> {
  expect(await keysOf(bed.store), at).toEqual(['o00', 'o04', 'o08'])
  for (const index of [0, 4, 8]) {
    expect((await get(bed.store, name(index))).equals(body(index)), at).toBe(true)
  }
  await bed.audit()
  const family = SegmentFamily.load(bed.catalog)
  for (const { id, lane } of bed.segments.list('data')) {
    expect(family.isReplaced(id), `${at}: ${id} was replaced`).toBe(false)
    if (lane !== COMPACTION_LANE) continue
    expect(family.isSuccessor(id), `${at}: ${id} is an orphan`).toBe(true)
  }
  expect(bed.segments.findings, at).toEqual([])
  expect(
    bed.events.filter(({ event }) => event === 'segment-kept'),
    at,
  ).toEqual([])
}

describe('compaction, crashed', { timeout: 300_000 }, () => {
  it('loses nothing and leaves nothing behind, at every disk operation', async () => {
    const disk = await mostlyDeadDisk()
    const bed = await openCompactionBed(disk, { journal: true, seed: 2 })
    const images: [string, MemoryFileSystem][] = []
    const take = (at: string, seed: number) => {
      for (const model of models) images.push([`${model} ${at}`, disk.crash({ model, seed })])
    }
    disk.intercept(({ index, operation, path }) => {
      take(`before ${index} ${operation} ${path}`, index)
      return null
    })
    expect(await bed.compactAll()).toBeGreaterThan(1)
    disk.intercept(null)
    take('at end', 0)
    expect(images.length).toBeGreaterThan(200)
    const removed = { replaced: 0, orphaned: 0 }
    for (const [at, image] of images) {
      const next = await openCompactionBed(image, { journal: true, seed: 3 })
      const wasReplaced = SegmentFamily.load(next.catalog)
      for (const event of next.events) {
        if (event.event !== 'segment-removed') continue
        if (wasReplaced.isReplaced(event.segment)) removed.replaced += 1
        else removed.orphaned += 1
      }
      await expectWhole(next, at)
      await next.compactAll()
      await expectWhole(next, `${at}, compacted again`)
      expect((await next.compaction.space()).dead, at).toBe(0)
      await next.close()
    }
    // Both kinds of remains came up: the test looked at what it is for.
    expect(removed.replaced).toBeGreaterThan(0)
    expect(removed.orphaned).toBeGreaterThan(0)
    await bed.close()
  })

  it('settles again what was crashed while it settled', async () => {
    const disk = await mostlyDeadDisk()
    const bed = await openCompactionBed(disk, { journal: true, seed: 2 })
    const remains: MemoryFileSystem[] = []
    disk.intercept(({ operation, path }) => {
      const isTelling = operation === 'sync' || operation === 'remove'
      if (isTelling && path.startsWith('/data')) remains.push(disk.crash({ model: 'kill' }))
      return null
    })
    await bed.compactAll()
    disk.intercept(null)
    let imageCount = 0
    for (const remain of remains) {
      const images: [string, MemoryFileSystem][] = []
      remain.intercept(({ index, operation }) => {
        if (!['remove', 'syncDirectory', 'sync'].includes(operation)) return null
        for (const model of ['lose-all', 'keep-all', 'subset'] as const) {
          images.push([`${model} ${index} ${operation}`, remain.crash({ model, seed: index })])
        }
        return null
      })
      const settled = await openCompactionBed(remain, { journal: true, seed: 3 })
      remain.intercept(null)
      await settled.close()
      for (const [at, image] of images) {
        const last = await openCompactionBed(image, { journal: true, seed: 4 })
        await expectWhole(last, at)
        await last.close()
        imageCount += 1
      }
    }
    expect(imageCount).toBeGreaterThan(50)
    await bed.close()
  })

  it('survives the failure of any one disk operation', async () => {
    const start = await mostlyDeadDisk()
    const probe = await openCompactionBed(start.crash({ model: 'kill' }), { seed: 2 })
    await probe.close()
    for (let failing = 0, isOver = false; !isOver; failing++) {
      const disk = start.crash({ model: 'kill' })
      const bed = await openCompactionBed(disk, { journal: true, seed: 2 })
      let count = 0
      disk.intercept(() => (count++ === failing ? { code: 'EIO' } : null))
      await bed.compaction.step(neverAborted)
      await bed.compaction.step(neverAborted)
      await bed.compaction.removed()
      isOver = count <= failing
      disk.intercept(null)
      const at = `operation ${failing}`
      for (const index of [0, 4, 8]) {
        expect((await get(bed.store, name(index))).equals(body(index)), at).toBe(true)
      }
      // As it crashes now, and as it goes on.
      for (const model of ['lose-all', 'kill'] as const) {
        const next = await openCompactionBed(disk.crash({ model }), { seed: 3 })
        await expectWhole(next, `${at} ${model}`)
        await next.close()
      }
      await failure(put(bed.store, 'after', 'x'))
      await put(bed.store, 'after', 'x')
      await remove(bed.store, 'after')
      await bed.compactAll()
      await bed.close()
      const last = await openCompactionBed(disk, { journal: true, seed: 4 })
      await last.compactAll()
      await expectWhole(last, `${at}, gone on`)
      await last.close()
    }
  })
})
