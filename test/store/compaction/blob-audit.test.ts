import { describe, expect, it } from 'vitest'
import { MemoryFileSystem } from '../../../src/platform/memory-fs.ts'
import { decodeAudit } from '../../../src/store/rows/audit-row.ts'
import { auditKey } from '../../../src/store/rows/keys.ts'
import { flip } from '../../segment/fixture.ts'
import {
  bodyOf,
  bucket,
  copy,
  get,
  keysOf,
  noise,
  put,
  remove,
  UploadClient,
} from '../store-requests.ts'
import { type CompactionBed, openCompactionBed } from './compaction-bed.ts'

const journal = true

/** An upload that has written so much and goes on for ever. */
function endless(bed: CompactionBed, name: string, size: number): Promise<void> {
  return new Promise((resolve) => {
    async function* stream() {
      yield noise(size, 9)
      // What was asked for is on its way to the disk.
      for (let turn = 0; turn < 50; turn++) await new Promise((next) => setImmediate(next))
      resolve()
      await new Promise(() => {})
    }
    const body = { ...bodyOf(''), size: null, stream: stream() }
    put(bed.store, name, '', { body }).catch(() => {})
  })
}

/** Objects of every shape, and two uploads that a crash cut off; then the disk it left. */
async function crashed(): Promise<MemoryFileSystem> {
  const fs = new MemoryFileSystem({ simulate: true })
  const bed = await openCompactionBed(fs, { journal })
  await bed.store.createBucket(bucket, { region: 'x' })
  for (let index = 0; index < 6; index++) await put(bed.store, `o${index}`, noise(3000, index))
  await put(bed.store, 'small', noise(100))
  await copy(bed.store, 'o1', 'copy')
  await remove(bed.store, 'o1')
  await remove(bed.store, 'o2')
  const upload = await UploadClient.start(bed.store, 'parts')
  await upload.part(1, noise(2000, 20))
  await upload.part(2, noise(2500, 21))
  const many = await UploadClient.start(bed.store, 'many')
  const parts = await Promise.all(
    Array.from({ length: 12 }, (_, index) => many.part(index + 1, noise(1500, 30 + index))),
  )
  await many.complete(parts)
  await endless(bed, 'cut', 12_000)
  await endless(bed, 'cut too', 5000)
  await put(bed.store, 'after', noise(3000, 8))
  return fs.crash({ model: 'keep-all' })
}

async function expectAll(bed: CompactionBed): Promise<void> {
  expect(await keysOf(bed.store)).toEqual([
    'after',
    'copy',
    'many',
    'o0',
    'o3',
    'o4',
    'o5',
    'small',
  ])
  for (const index of [0, 3, 4, 5]) {
    expect((await get(bed.store, `o${index}`)).equals(noise(3000, index))).toBe(true)
  }
  expect((await get(bed.store, 'copy')).equals(noise(3000, 1))).toBe(true)
  expect(await get(bed.store, 'many')).toHaveLength(12 * 1500)
}

const found = (bed: CompactionBed) =>
  bed.events.flatMap((event) => (event.event === 'unnamed-blobs' ? [event.size] : []))

describe('what uploads left that a crash cut off', () => {
  it('becomes garbage, and its space comes back', async () => {
    const disk = await crashed()
    const bed = await openCompactionBed(disk, { journal, seed: 2 })
    await expect(bed.audit({ complete: true })).rejects.toThrow('no known blob')
    const before = bed.compaction.space().dead
    await bed.findUnnamed()
    const size = found(bed).reduce((sum, one) => sum + one, 0)
    expect(size).toBeGreaterThan(10_000)
    expect(bed.compaction.space().dead - before).toBe(size)
    await bed.audit({ complete: true })
    await bed.compactAll()
    await bed.audit({ complete: true })
    await expectAll(bed)
    await bed.close()
  })

  it('is not looked for again, nor after an end in order', async () => {
    const disk = await crashed()
    const bed = await openCompactionBed(disk, { journal, seed: 2 })
    await bed.findUnnamed()
    await bed.close()
    const next = await openCompactionBed(disk, { journal, seed: 3 })
    const { sequence } = next.catalog
    await next.findUnnamed()
    expect(found(next)).toEqual([])
    expect(next.catalog.sequence).toBe(sequence)
    await next.close()
  })

  it('is found when it was compacted before it was found', async () => {
    const disk = await crashed()
    const first = await openCompactionBed(disk, { journal, seed: 2 })
    await first.compactAll()
    const again = disk.crash({ model: 'kill' })
    await first.close()
    const bed = await openCompactionBed(again, { journal, seed: 3 })
    await bed.findUnnamed()
    await bed.audit({ complete: true })
    await expectAll(bed)
    await bed.close()
  })

  it('is found in the end, whenever the process that looks for it dies', async () => {
    const disk = await crashed()
    const bed = await openCompactionBed(disk.crash({ model: 'keep-all' }), { journal, seed: 2 })
    await bed.close()
    const looked = disk.crash({ model: 'keep-all' })
    const images: MemoryFileSystem[] = []
    const looking = await openCompactionBed(looked, { journal, seed: 2 })
    looked.intercept(({ operation }) => {
      if (operation !== 'sync') return null
      for (const model of ['lose-all', 'torn', 'kill'] as const) {
        images.push(looked.crash({ model, seed: images.length }))
      }
      return null
    })
    await looking.findUnnamed()
    looked.intercept(null)
    await looking.close()
    expect(images.length).toBeGreaterThan(5)
    for (const image of images) {
      const next = await openCompactionBed(image, { journal, seed: 3 })
      await next.findUnnamed()
      await next.audit({ complete: true })
      await expectAll(next)
      await next.close()
    }
  })

  it('is looked for by the next process when this one ends in order before it could', async () => {
    const disk = await crashed()
    const bed = await openCompactionBed(disk, { journal, seed: 2 })
    const aborting = AbortSignal.abort(new Error('stopped'))
    await expect(bed.findUnnamed(aborting)).rejects.toThrow('stopped')
    await bed.close()
    const next = await openCompactionBed(disk, { journal, seed: 3 })
    await next.findUnnamed()
    expect(found(next).length).toBeGreaterThan(0)
    await next.audit({ complete: true })
    await next.close()
  })

  it('is left alone for ever where rows may have been lost', async () => {
    const disk = await crashed()
    const [name] = await disk.list('/data/journal')
    // In the payload of a record of the first journal segment.
    await flip(disk, `/data/journal/${name}`, 1200)
    const bed = await openCompactionBed(disk, { journal, seed: 2 })
    await bed.findUnnamed()
    expect(found(bed)).toEqual([])
    const { auditedBelow } = decodeAudit(bed.catalog.get(auditKey))
    expect(auditedBelow).toBeGreaterThan(3)
    const again = disk.crash({ model: 'kill' })
    await bed.close()
    const next = await openCompactionBed(again, { journal, seed: 3 })
    await next.findUnnamed()
    expect(found(next)).toEqual([])
    await next.close()
  })
})
