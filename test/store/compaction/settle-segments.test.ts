import { describe, expect, it } from 'vitest'
import { compact } from '../../../src/engine/compaction/compactor.ts'
import { Pace } from '../../../src/engine/compaction/pace.ts'
import { MemoryFileSystem } from '../../../src/platform/memory-fs.ts'
import { COMPACTION_LANE } from '../../../src/segment/types.ts'
import { flip } from '../../segment/fixture.ts'
import { bucket, get, neverAborted, noise, open, put, remove } from '../store-requests.ts'
import { type CompactionBed, openCompactionBed } from './compaction-bed.ts'

const name = (index: number) => `o${index}`
const body = (index: number) => noise(3000 + index, index)

async function mostlyDead() {
  const fs = new MemoryFileSystem({ simulate: true })
  const bed = await openCompactionBed(fs)
  await bed.store.createBucket(bucket, { region: 'x' })
  for (let index = 0; index < 12; index++) await put(bed.store, name(index), body(index))
  for (let index = 0; index < 12; index++) if (index % 4) await remove(bed.store, name(index))
  return { fs, bed }
}

/** A disk on which a replacement is durable and the old files are still there. */
async function replacedAndThere() {
  const { fs, bed } = await mostlyDead()
  await bed.compaction.step(neverAborted)
  const reader = await open(bed.store, name(0))
  const hold = bed.readers.enter()
  await bed.compaction.step(neverAborted)
  const flipped = bed.events.findLast(({ event }) => event === 'compacted')
  if (flipped?.event !== 'compacted' || flipped.output === null) throw new Error('no output')
  const disk = fs.crash({ model: 'kill' })
  await reader.body[Symbol.asyncIterator]().return?.()
  hold()
  await bed.compaction.removed()
  await bed.close()
  return { disk, sources: flipped.sources, output: flipped.output }
}

const file = (id: number) => `/data/hot/${id.toString(16).padStart(8, '0')}.seg`

async function expectLiving(bed: CompactionBed): Promise<void> {
  for (const index of [0, 4, 8]) {
    expect((await get(bed.store, name(index))).equals(body(index))).toBe(true)
  }
}

describe('what a compaction left, at start', () => {
  it('loses its old files', async () => {
    const { disk, sources } = await replacedAndThere()
    const bed = await openCompactionBed(disk, { seed: 2 })
    const removed = bed.events.map((event) => ('segment' in event ? event.segment : null))
    expect(removed.sort()).toEqual([...sources].sort())
    await expectLiving(bed)
    await bed.audit()
    await bed.close()
  })

  it.each(['missing', 'without its trailer', 'without its header'])(
    'keeps its old files while the new one is %s',
    async (how) => {
      const { disk, sources, output } = await replacedAndThere()
      const size = (await disk.stat(file(output)))!.size
      if (how === 'missing') await disk.remove(file(output))
      if (how === 'without its trailer') await flip(disk, file(output), size - 20)
      if (how === 'without its header') await flip(disk, file(output), 3)
      const bed = await openCompactionBed(disk, { seed: 2 })
      const kept = bed.events.flatMap((one) => (one.event === 'segment-kept' ? [one.segment] : []))
      expect(kept.sort()).toEqual([...sources].sort())
      await expectLiving(bed)
      await bed.compactAll()
      await expectLiving(bed)
      await bed.close()
    },
  )

  it('loses a new file whose commit never came, unless it holds the only copy', async () => {
    const { fs, bed } = await mostlyDead()
    const orders = [2, 3].map((source) => ({
      sources: [source],
      isDead: () => false,
      pace: new Pace({ bytesPerSecond: 0, isBusy: () => false }),
      signal: neverAborted,
    }))
    const outputs: (number | null)[] = []
    for (const order of orders) outputs.push((await compact(bed.segments, order)).output)
    await bed.close()
    await fs.remove(file(3))
    const next = await openCompactionBed(fs, { seed: 2 })
    expect(next.events).toEqual([
      { event: 'segment-removed', segment: outputs[0] },
      { event: 'segment-kept', segment: outputs[1], reason: 'it has no source' },
    ])
    await next.close()
  })

  it('leaves no id behind that could be used again', async () => {
    const { fs, bed } = await mostlyDead()
    for (const index of [0, 4, 8]) await remove(bed.store, name(index))
    await bed.close()
    const next = await openCompactionBed(fs, { seed: 2 })
    await next.compactAll()
    const { nextId } = next.segments
    expect(next.segments.list('data')).toEqual([])
    await next.close()
    const last = await openCompactionBed(fs, { seed: 3 })
    expect(last.segments.nextId).toBeGreaterThanOrEqual(nextId - 1)
    expect(last.segments.nextId).toBeGreaterThan(7)
    await last.close()
  })
})

describe('a replacement whose commit has failed', () => {
  it('is taken back before its file goes, and tried again', async () => {
    const { fs, bed } = await mostlyDead()
    await bed.compaction.step(neverAborted)
    await bed.compaction.removed()
    let isFailing = true
    fs.intercept(({ operation, path }) => {
      const isJournal = operation === 'sync' && path.startsWith('/data/journal')
      return isFailing && isJournal ? { code: 'EIO' } : null
    })
    expect(await bed.compaction.step(neverAborted)).toBe(false)
    const outputs = () =>
      bed.segments.list('data').filter(({ lane }) => lane === COMPACTION_LANE).length
    expect(outputs()).toBe(1)
    // While nothing can be committed, nobody knows: the file stays, and its sources too.
    expect(await bed.compaction.step(neverAborted)).toBe(false)
    expect(outputs()).toBe(1)
    await expectLiving(bed)
    isFailing = false
    await expect.poll(() => bed.compaction.step(neverAborted)).toBe(true)
    await bed.compactAll()
    await expectLiving(bed)
    await bed.audit()
    const events = bed.events.filter(({ event }) => event !== 'segment-removed')
    expect(events.map(({ event }) => event)).toContain('compaction-failed')
    await bed.close()
  })
})
