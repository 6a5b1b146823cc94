import { describe, expect, it } from 'vitest'
import { compact } from '../../../src/engine/compaction/compactor.ts'
import { Pace } from '../../../src/engine/compaction/pace.ts'
import { MemoryFileSystem } from '../../../src/platform/memory-fs.ts'
import type { Segments } from '../../../src/segment/segments.ts'
import { COMPACTION_LANE, type Place } from '../../../src/segment/types.ts'
import { appendAll, collect, flip, folder, outline } from '../../segment/fixture.ts'
import { openEngine } from '../fixture.ts'

const file = `${folder}/hot/00000001.seg`
const signal = new AbortController().signal
const pace = () => new Pace({ bytesPerSecond: 0, isBusy: () => false })

function copyAll(segments: Segments, dead: readonly Place[] = []) {
  const isDead = (blob: Place) => dead.some(({ offset }) => offset === blob.offset)
  return compact(segments, { sources: [1], isDead, pace: pace(), signal })
}

/** One record that was acknowledged and two that were not; nobody has sealed the file. */
async function unsealed() {
  const fs = new MemoryFileSystem({ simulate: true })
  const { segments } = await openEngine(fs)
  const writer = segments.createWriter({ kind: 'data' })
  const places = appendAll(writer, ['one'])
  await writer.sync()
  places.push(...appendAll(writer, ['two', 'three']))
  await writer.write()
  await segments[Symbol.asyncDispose]()
  return { fs, places }
}

async function opened(fs: MemoryFileSystem) {
  return openEngine(fs, { seed: 2 })
}

describe('the compactor', () => {
  it('copies what lives as it was, and marks the new segment', async () => {
    const { fs, places } = await unsealed()
    const { segments } = await opened(fs)
    const { output, recordCount } = await copyAll(segments, [places[1]!])
    expect(recordCount).toBe(2)
    const steps = await collect(segments.scan(output!, { payloads: true }))
    expect(outline(steps)).toEqual(['one', 'three'])
    const blobs = steps.map((step) => step.step === 'record' && step.header.blob)
    expect(blobs).toEqual([places[0], places[2]])
    expect(segments.list('data').at(-1)).toMatchObject({ state: 'sealed', lane: COMPACTION_LANE })
  })

  it.each([
    ['header', 10],
    ['payload', 49],
  ])('passes over a write that a power loss tore: its %s', async (_, offset) => {
    const { fs, places } = await unsealed()
    await flip(fs, file, places[1]!.offset + offset)
    const { segments } = await opened(fs)
    const { output } = await copyAll(segments)
    const steps = await collect(segments.scan(output!, { payloads: true }))
    expect(outline(steps)).toEqual(['one', 'three'])
    expect(segments.findings).toEqual([])
  })

  it.each([
    ['header', 10],
    ['payload', 49],
  ])(
    'refuses a segment in which a record decayed after it was sealed: its %s',
    async (_, offset) => {
      for (const index of [0, 1, 2]) {
        const { fs, places } = await unsealed()
        const first = await opened(fs)
        await first[Symbol.asyncDispose]()
        await flip(fs, file, places[index]!.offset + offset)
        const { segments } = await openEngine(fs, { seed: 3 })
        await expect(copyAll(segments)).rejects.toMatchObject({ name: 'DamagedSourceError' })
        expect(segments.list('data').map(({ id }) => id)).toEqual([1])
      }
    },
  )

  it('refuses a segment in which what was acknowledged had decayed before it was sealed', async () => {
    const { fs, places } = await unsealed()
    await flip(fs, file, places[0]!.offset + 49)
    const { segments } = await opened(fs)
    await expect(copyAll(segments)).rejects.toMatchObject({ offset: places[0]!.offset })
  })
})
