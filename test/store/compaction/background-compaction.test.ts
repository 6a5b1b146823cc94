import { describe, expect, it } from 'vitest'
import { MemoryFileSystem } from '../../../src/platform/memory-fs.ts'
import { BackgroundCompaction } from '../../../src/store/compaction/background-compaction.ts'
import { bucket, get, noise, open, put, remove } from '../store-requests.ts'
import { type CompactionBed, openCompactionBed } from './compaction-bed.ts'

const name = (index: number) => `o${index}`

async function filled(): Promise<CompactionBed> {
  const bed = await openCompactionBed(new MemoryFileSystem({ simulate: true }))
  await bed.store.createBucket(bucket, { region: 'x' })
  for (let index = 0; index < 12; index++) await put(bed.store, name(index), noise(3000, index))
  return bed
}

async function deadSize(bed: CompactionBed): Promise<number> {
  return (await bed.compaction.space()).dead
}

describe('compaction in the background', () => {
  it('begins at the interval', async () => {
    const bed = await filled()
    const background = new BackgroundCompaction(bed.compaction, { intervalMs: 20 }).start()
    for (let index = 0; index < 10; index++) await remove(bed.store, name(index))
    await expect.poll(() => deadSize(bed)).toBeLessThan(5000)
    expect((await get(bed.store, name(11))).equals(noise(3000, 11))).toBe(true)
    await background[Symbol.asyncDispose]()
    await bed.close()
  })

  it('begins soon after a notice, and not before', async () => {
    const bed = await filled()
    const options = { intervalMs: 3_600_000, noticeDelayMs: 10 }
    const background = new BackgroundCompaction(bed.compaction, options).start()
    for (let index = 0; index < 10; index++) await remove(bed.store, name(index))
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(await deadSize(bed)).toBeGreaterThan(25_000)
    background.notice()
    background.notice()
    await expect.poll(() => deadSize(bed)).toBeLessThan(5000)
    await background[Symbol.asyncDispose]()
    await bed.close()
  })

  it('stops at once when disposed of, even while a reader keeps a file', async () => {
    const bed = await filled()
    await put(bed.store, 'large', noise(30_000))
    const reader = await open(bed.store, 'large')
    await remove(bed.store, 'large')
    const background = new BackgroundCompaction(bed.compaction, { intervalMs: 10 }).start()
    await expect.poll(async () => (await bed.compaction.space()).reclaiming).toBeGreaterThan(0)
    await background[Symbol.asyncDispose]()
    const removed = bed.events.filter(({ event }) => event === 'segment-removed').length
    await reader.body[Symbol.asyncIterator]().return?.()
    await bed.compaction.removed()
    expect(bed.events.filter(({ event }) => event === 'segment-removed').length).toBe(removed)
    await bed.close()
  })
})
