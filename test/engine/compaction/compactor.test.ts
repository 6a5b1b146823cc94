import { describe, expect, it } from 'vitest'
import { compact } from '../../../src/engine/compaction/compactor.ts'
import { Pace } from '../../../src/engine/compaction/pace.ts'
import { codecOfTier } from '../../../src/engine/compression/choose.ts'
import { MemoryFileSystem } from '../../../src/platform/memory-fs.ts'
import type { Segments } from '../../../src/segment/segments.ts'
import { COMPACTION_LANE, type Place } from '../../../src/segment/types.ts'
import { appendAll, chunk, collect, flip, folder, outline } from '../../segment/fixture.ts'
import { append, noise, openEngine, readBack } from '../fixture.ts'

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
  ])('passes over a write that a power loss tore, dead or not: its %s', async (_, offset) => {
    for (const isDead of [false, true]) {
      const { fs, places } = await unsealed()
      const torn = places[1]!
      await flip(fs, file, torn.offset + offset)
      const { segments } = await opened(fs)
      const { output } = await copyAll(segments, isDead ? [torn] : [])
      const steps = await collect(segments.scan(output!, { payloads: true }))
      expect(outline(steps)).toEqual(['one', 'three'])
      expect(segments.findings).toEqual([])
    }
  })

  it('ends early also while it looks for what was torn of the dead', async () => {
    const { fs, places } = await unsealed()
    await flip(fs, file, places[1]!.offset + 49)
    const { segments } = await opened(fs)
    const controller = new AbortController()
    const find = segments.find.bind(segments)
    segments.find = (...key) => {
      controller.abort(new Error('enough'))
      return find(...key)
    }
    const order = { sources: [1], isDead: () => true, pace: pace(), signal: controller.signal }
    await expect(compact(segments, order)).rejects.toThrow('enough')
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

  it('compresses anew for another tier, and leaves what that does not make smaller', async () => {
    const fs = new MemoryFileSystem({ simulate: true })
    const tiers = { warm: '/warm' }
    const { segments, engine, ...first } = await openEngine(fs, { tiers, chunkSizeMax: 64 * 1024 })
    const text = Buffer.alloc(150_000, 'a line of text that repeats, and one that does not; ')
    const bodies = [text, noise(40_000), Buffer.concat([noise(64 * 1024), text])]
    const refs = []
    for (const body of bodies) refs.push(await append(engine, body))
    await first[Symbol.asyncDispose]()
    const next = await openEngine(fs, { tiers, seed: 2 })
    const codec = codecOfTier.warm
    const source = next.segments.list('data')[0]!
    const order = { sources: [source.id], isDead: () => false, pace: pace(), signal }
    const { output } = await compact(next.segments, { ...order, tier: 'warm', codec })
    const moved = next.segments.list('data').find(({ id }) => id === output)!
    expect(moved).toMatchObject({ tier: 'warm', state: 'sealed' })
    expect(moved.storedSize).toBeLessThan(source.storedSize!)
    const codecs = new Set<string>()
    for await (const step of next.segments.scan(moved.id)) {
      if (step.step === 'record' && step.header.kind === 'chunk') codecs.add(step.header.codec)
    }
    expect([...codecs].sort()).toEqual(['none', 'zstd'])
    next.engine.addLineage([{ replaced: source.id, successors: [moved.id] }])
    await next.segments.removeSegment(source.id)
    for (const [index, ref] of refs.entries()) {
      expect((await readBack(next.engine, ref)).equals(bodies[index]!)).toBe(true)
    }
  })

  it('keeps a segment whose chunk verifies and does not decompress', async () => {
    const fs = new MemoryFileSystem({ simulate: true })
    const tiers = { warm: '/warm' }
    const { segments } = await openEngine(fs, { tiers })
    const writer = segments.createWriter({ kind: 'data' })
    writer.append({ ...chunk('not lz4 at all'), codec: 'lz4', rawSize: 500 })
    await writer.seal()
    const order = { sources: [writer.id], isDead: () => false, pace: pace(), signal }
    const codec = codecOfTier.warm
    const error = await compact(segments, { ...order, tier: 'warm', codec }).catch((one) => one)
    expect(error).toMatchObject({ name: 'DamagedSourceError', offset: 128 })
    expect(segments.list('data').map(({ id }) => id)).toEqual([writer.id])
  })
})
