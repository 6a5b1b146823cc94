import { describe, expect, it } from 'vitest'
import type { BlobRef } from '../../../src/engine/blob-store.ts'
import { MemoryFileSystem } from '../../../src/platform/memory-fs.ts'
import { openSegments } from '../../segment/fixture.ts'
import { append, noise, openEngine, readBack } from '../fixture.ts'

const path = (id: number) => `/data/hot/${id.toString(16).padStart(8, '0')}.seg`

/** Copies every record of `source` into new segments, as compaction will, and removes `source`. */
async function move(fs: MemoryFileSystem, source: number, targetCount: number): Promise<number[]> {
  const segments = await openSegments(fs, { seed: 50 + source })
  const writers = Array.from({ length: targetCount }, () => segments.createWriter({ kind: 'data' }))
  let index = 0
  for await (const step of segments.scan(source, { payloads: true })) {
    if (step.step !== 'record') throw new Error(step.step)
    const { kind, codec, blob, number, rawSize } = step.header
    const payload = step.payload ?? Buffer.alloc(0)
    writers[index++ % targetCount]?.append({ kind, codec, blob, number, rawSize, payload })
  }
  for (const writer of writers) await writer.seal()
  await segments[Symbol.asyncDispose]()
  await fs.remove(path(source))
  return writers.map(({ id }) => id)
}

async function filled(): Promise<{ fs: MemoryFileSystem; refs: BlobRef[]; blobs: Buffer[] }> {
  const fs = new MemoryFileSystem()
  await using open = await openEngine(fs, { laneCount: 1, segmentSizeMax: 1 << 20 })
  const blobs = [10, 1024, 1025, 5000, 20_000].map((size) => noise(size, size))
  const refs: BlobRef[] = []
  for (const blob of blobs) refs.push(await append(open.engine, blob))
  return { fs, refs, blobs }
}

describe('lookup', () => {
  it('finds blobs whose segment was replaced, and replaced again', async () => {
    const { fs, refs, blobs } = await filled()
    const lineage = [{ replaced: 1, successors: await move(fs, 1, 3) }]
    for (const round of [1, 2]) {
      await using open = await openEngine(fs, { seed: 90 + round, lineage })
      for (const [index, ref] of refs.entries()) {
        expect((await readBack(open.engine, ref)).equals(blobs[index] ?? noise(1))).toBe(true)
      }
      const { lookups, bloomPositives, bloomNegatives, lookupReads } = open.engine.counters
      expect(lookups).toBeGreaterThan(refs.length)
      expect(bloomPositives).toBe(lookups)
      expect(bloomNegatives).toBeGreaterThan(0)
      // Each index page is read once, or twice when two chunks ask for it at the same time.
      expect(lookupReads).toBeLessThanOrEqual(8)
      const [next = 0] = lineage[0]?.successors ?? []
      if (round === 1) lineage.push({ replaced: next, successors: await move(fs, next, 2) })
    }
  })

  it('learns of a replacement while it runs', async () => {
    const { fs, refs, blobs } = await filled()
    const successors = await move(fs, 1, 1)
    await using open = await openEngine(fs, { seed: 91 })
    const [ref] = refs
    if (ref === undefined) throw new RangeError()
    await expect(readBack(open.engine, ref)).rejects.toMatchObject({
      kind: 'missing',
      message: 'blob 1:128 number 0 is in no live segment',
    })
    open.engine.addLineage([{ replaced: 1, successors }])
    expect((await readBack(open.engine, ref)).equals(blobs[0] ?? noise(1))).toBe(true)
  })

  it('counts the disk reads that Bloom bits save, and those they do not', async () => {
    const { fs, refs } = await filled()
    const holders = await move(fs, 1, 1)
    const strangers: number[] = []
    {
      const segments = await openSegments(fs, { seed: 60 })
      for (let count = 0; count < 100; count++) {
        const writer = segments.createWriter({ kind: 'data' })
        for (let index = 0; index < 100; index++) {
          const blob = { segment: 1000 + count, offset: 128 + index * 8 }
          const payload = Buffer.from('x')
          writer.append({ kind: 'chunk', codec: 'none', blob, number: 0, rawSize: 1, payload })
        }
        await writer.seal()
        strangers.push(writer.id)
      }
      await segments[Symbol.asyncDispose]()
    }
    const lineage = [{ replaced: 1, successors: [...strangers, ...holders] }]
    await using open = await openEngine(fs, { seed: 92, lineage })
    for (const ref of refs) await open.engine.readSmall(ref, { start: 0, end: 1 })
    const { lookups, bloomNegatives, bloomPositives, bloomFalsePositives } = open.engine.counters
    expect(bloomPositives).toBe(lookups)
    expect(bloomNegatives + bloomFalsePositives).toBe(lookups * 100)
    expect(bloomFalsePositives).toBeLessThan(lookups * 100 * 0.03)
  })

  it('reads where the hint points without asking any filter', async () => {
    const { fs, refs } = await filled()
    await using open = await openEngine(fs, { seed: 93 })
    for (const ref of refs) await readBack(open.engine, ref)
    expect(open.engine.counters).toMatchObject({ lookups: 0, lookupReads: 0 })
  })

  it('does not serve the record of another blob that a wrong reference points to', async () => {
    const { fs, refs } = await filled()
    await using open = await openEngine(fs, { seed: 94 })
    const [first, second] = refs
    if (first === undefined || second === undefined) throw new RangeError()
    const wrong = { ...first, place: second.place }
    await expect(readBack(open.engine, wrong)).rejects.toMatchObject({ kind: 'corruption' })
    const wrongSize = { ...first, size: 9 }
    await expect(readBack(open.engine, wrongSize)).rejects.toMatchObject({ kind: 'corruption' })
    const events = open.events.filter(({ event }) => event === 'corruption-found')
    expect(events).toMatchObject([{ field: 'blob id' }, { field: 'raw size' }])
  })
})
