import { describe, expect, it } from 'vitest'
import type { BlobRef } from '../../src/engine/blob-store.ts'
import { EngineError } from '../../src/engine/errors.ts'
import { Heat } from '../../src/engine/tiering/heat.ts'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { recordSpan } from '../../src/segment/types.ts'
import { collect, flip, overwrite } from '../segment/fixture.ts'
import { append, chunkSize, noise, openEngine, pieces, readBack } from './fixture.ts'

const signal = new AbortController().signal

describe('blob engine', () => {
  it('spreads a blob over segments and reads it back', async () => {
    const fs = new MemoryFileSystem()
    await using open = await openEngine(fs, { segmentSizeMax: 8 * 1024, laneCount: 1 })
    const bytes = noise(50_000)
    const ref = await append(open.engine, bytes)
    expect(ref.extents.length).toBeGreaterThan(5)
    expect((await readBack(open.engine, ref)).equals(bytes)).toBe(true)
    const data = open.segments.list('data')
    for (const extent of ref.extents) {
      const segment = data.find(({ id }) => id === extent.segment)
      expect(segment?.dataSize).toBe(extent.storedSize + 128)
    }
  })

  it('leaves the label with the recipe, for a catalog that is lost', async () => {
    await using open = await openEngine(new MemoryFileSystem())
    const label = 'bucket/the key'
    const ref = await append(open.engine, noise(10), { label })
    const steps = await collect(open.segments.scan(ref.place.segment, { payloads: true }))
    const last = steps.at(-1)
    expect(last?.step === 'record' && last.header).toMatchObject({ kind: 'recipe', blob: ref.blob })
    expect(last?.step === 'record' && last.payload?.includes(label)).toBe(true)
  })

  it('reads a small blob in one disk read', async () => {
    const fs = new MemoryFileSystem()
    const open = await openEngine(fs)
    const small = open.engine.small(noise(1000))
    const writer = open.segments.createWriter({ kind: 'journal' })
    const ref = open.engine.smallRef(small, writer.append(small.record))
    await writer.sync()
    const large = await append(open.engine, noise(chunkSize))
    let readCount = 0
    fs.intercept(({ operation }) => {
      if (operation === 'read') readCount += 1
      return null
    })
    expect((await open.engine.readSmall(ref, { start: 10, end: 20 })).length).toBe(10)
    expect(readCount).toBe(1)
    expect((await open.engine.readSmall(large, { start: 0, end: chunkSize })).length).toBe(1024)
    expect(readCount).toBe(2)
    await open[Symbol.asyncDispose]()
  })

  it('reads only the chunks that a range needs, and no more than it may ahead', async () => {
    const fs = new MemoryFileSystem()
    await using open = await openEngine(fs, { readAheadCount: 2 })
    const bytes = noise(20 * chunkSize)
    const ref = await append(open.engine, bytes)
    await readBack(open.engine, ref)
    const before = open.engine.counters.chunksRead
    const range = { start: 5 * chunkSize - 1, end: 6 * chunkSize + 1 }
    const parts: Uint8Array[] = []
    for await (const part of open.engine.read(ref, range, signal)) parts.push(part)
    expect(Buffer.concat(parts).equals(bytes.subarray(range.start, range.end))).toBe(true)
    expect(open.engine.counters.chunksRead - before).toBe(3)
    for await (const _ of open.engine.read(ref, { start: 0, end: bytes.length }, signal)) break
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(open.engine.counters.chunksRead - before).toBe(6)
  })

  it('holds a bounded number of chunks of a source that is faster than the disk', async () => {
    const fs = new MemoryFileSystem()
    await using open = await openEngine(fs)
    let isStuck = true
    let release: () => void = () => {}
    const stuck = new Promise<void>((resolve) => {
      release = resolve
    })
    fs.intercept(async ({ operation, offset }) => {
      if (isStuck && operation === 'write' && offset !== 0) await stuck
      return null
    })
    let given = 0
    async function* source() {
      for (; given < 100; given++) yield noise(chunkSize, given + 1)
    }
    const options = { label: Buffer.alloc(0), signal }
    const blob = open.engine.append(source(), options)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(given).toBeLessThan(10)
    isStuck = false
    release()
    expect((await blob).chunkCount).toBe(100)
  })

  it('counts what goes in and what is stored', async () => {
    await using open = await openEngine(new MemoryFileSystem())
    const ref = await append(open.engine, Buffer.alloc(10_000, 'repetition '))
    const small = open.engine.small(noise(100))
    const storedBytes = ref.extents.reduce((sum, { storedSize }) => sum + storedSize, 0)
    expect(open.engine.counters).toMatchObject({
      blobsAppended: 1,
      rawBytes: 10_100,
      storedBytes: storedBytes + recordSpan(small.record.payload.length),
    })
    expect(storedBytes).toBeLessThan(3000)
  })

  it('refuses misuse', async () => {
    await using open = await openEngine(new MemoryFileSystem())
    const ref = await append(open.engine, noise(2000))
    for (const [start, end] of [
      [0, 0],
      [-1, 1],
      [0, 2001],
      [5, 4],
      [0, 1025],
    ] as const) {
      await expect(open.engine.readSmall(ref, { start, end })).rejects.toThrow('range')
    }
    expect(() => open.engine.small(Buffer.alloc(0))).toThrow('size of a small blob')
    expect(() => open.engine.small(Buffer.alloc(chunkSize + 1))).toThrow('size of a small blob')
    await expect(append(open.engine, Buffer.alloc(0))).rejects.toThrow('at least one byte')
    await expect(append(open.engine, noise(1), { label: 'x'.repeat(4097) })).rejects.toThrow(
      'label',
    )
  })
})

describe('blob engine, when the disk fails', () => {
  it.each([
    ['write', 'ENOSPC', 'disk-full'],
    ['write', 'EIO', 'write-failed'],
    ['sync', 'EIO', 'write-failed'],
    ['sync', 'ENOSPC', 'disk-full'],
    ['create', 'EMFILE', 'write-failed'],
    ['create', 'EDQUOT', 'disk-full'],
    ['syncDirectory', 'EIO', 'write-failed'],
  ] as const)('a failed %s (%s) fails the blob as %s and no other', async (name, code, kind) => {
    const fs = new MemoryFileSystem()
    await using open = await openEngine(fs, { laneCount: 1 })
    const kept = noise(5000, 1)
    const keptRef = name === 'write' || name === 'sync' ? await append(open.engine, kept) : null
    fs.intercept(({ operation }) => (operation === name ? { code, landedSize: 100 } : null))
    const outcome = await append(open.engine, noise(5000, 2)).catch((error: unknown) => error)
    expect(outcome).toBeInstanceOf(EngineError)
    expect(outcome).toMatchObject({ kind })
    fs.intercept(null)
    const after = noise(5000, 3)
    const afterRef = await append(open.engine, after)
    expect((await readBack(open.engine, afterRef)).equals(after)).toBe(true)
    if (keptRef !== null) {
      expect((await readBack(open.engine, keptRef)).equals(kept)).toBe(true)
      expect(afterRef.place.segment).not.toBe(keptRef.place.segment)
    }
    expect(open.events.filter(({ event }) => event === 'lane-abandoned')).toHaveLength(1)
  })

  it('fails once at every disk operation: a clean error or a blob that is there', async () => {
    const run = async (failAt: number) => {
      const fs = new MemoryFileSystem({ simulate: true })
      const open = await openEngine(fs, { laneCount: 1, segmentSizeMax: 4096 })
      const blobs = [noise(900, 1), noise(3000, 2), noise(6000, 3)]
      const start = fs.operationCount
      fs.intercept(({ index }) =>
        index - start === failAt ? { code: 'EIO', landedSize: 9 } : null,
      )
      const outcomes = await Promise.allSettled(blobs.map((blob) => append(open.engine, blob)))
      const callCount = fs.operationCount - start
      fs.intercept(null)
      await using next = await openEngine(fs.crash({ model: 'lose-all' }), { seed: 2 })
      for (const [index, outcome] of outcomes.entries()) {
        if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(EngineError)
        else {
          for (const engine of [open.engine, next.engine]) {
            const bytes = await readBack(engine, outcome.value)
            expect(bytes.equals(blobs[index] ?? noise(1)), `failure at ${failAt}`).toBe(true)
          }
        }
      }
      expect(next.events.filter(({ event }) => event === 'corruption-found')).toEqual([])
      await open[Symbol.asyncDispose]()
      return callCount
    }
    const callCount = await run(-1)
    expect(callCount).toBeGreaterThan(10)
    for (let failAt = 0; failAt < callCount; failAt++) await run(failAt)
  })

  it('tells a disk that does not answer from damage', async () => {
    const fs = new MemoryFileSystem()
    await using open = await openEngine(fs)
    const ref = await append(open.engine, noise(3000))
    fs.intercept(({ operation }) => (operation === 'read' ? { code: 'EIO' } : null))
    await expect(readBack(open.engine, ref)).rejects.toMatchObject({ kind: 'read-failed' })
    fs.intercept(null)
    expect(open.events).toEqual([])
    expect((await readBack(open.engine, ref)).length).toBe(3000)
  })
})

describe('blob engine, when stored bytes are damaged', () => {
  async function damaged(offset: number, ref: BlobRef, fs: MemoryFileSystem) {
    const path = '/data/hot/00000001.seg'
    await flip(fs, path, offset, 0x20)
    const open = await openEngine(fs, { seed: 2 })
    const outcome = await readBack(open.engine, ref).catch((error: unknown) => error)
    await open[Symbol.asyncDispose]()
    await flip(fs, path, offset, 0x20)
    return { outcome, events: open.events }
  }

  it('serves no wrong byte for any flipped byte of a blob, and tells where', async () => {
    const fs = new MemoryFileSystem()
    const bytes = Buffer.concat([Buffer.alloc(1200, 'repetition '), noise(400)])
    let ref: BlobRef
    {
      await using open = await openEngine(fs)
      ref = await append(open.engine, bytes)
    }
    const [extent] = ref.extents
    let corruptionCount = 0
    for (let offset = 128; offset < 128 + (extent?.storedSize ?? 0); offset += 3) {
      const { outcome, events } = await damaged(offset, ref, fs)
      if (outcome instanceof Buffer) expect(outcome.equals(bytes)).toBe(true)
      else {
        expect(outcome).toMatchObject({ kind: 'corruption' })
        expect(events.some(({ event }) => event === 'corruption-found')).toBe(true)
        corruptionCount += 1
      }
    }
    // All but padding.
    expect(corruptionCount).toBeGreaterThan((extent?.storedSize ?? 0) / 3 - 10)
  })

  it('yields what comes before the damage and then fails', async () => {
    const fs = new MemoryFileSystem()
    await using open = await openEngine(fs, { readAheadCount: 2 })
    const bytes = noise(4 * chunkSize)
    const ref = await append(open.engine, bytes)
    await overwrite(fs, '/data/hot/00000001.seg', {
      offset: 128 + 2 * recordSpan(chunkSize) + 100,
      bytes: Buffer.from('damage'),
    })
    const parts: Uint8Array[] = []
    const read = async () => {
      for await (const part of open.engine.read(ref, { start: 0, end: ref.size }, signal)) {
        parts.push(part)
      }
    }
    await expect(read()).rejects.toMatchObject({ kind: 'corruption' })
    expect(Buffer.concat(parts).equals(bytes.subarray(0, 2 * chunkSize))).toBe(true)
  })
})

describe('blob engine, started after a crash', () => {
  const models = ['lose-all', 'keep-all', 'subset', 'torn', 'kill'] as const

  it('has every blob it acknowledged, whatever the crash left, and calls nothing damage', async () => {
    const fs = new MemoryFileSystem({ simulate: true })
    const open = await openEngine(fs, { segmentSizeMax: 16 * 1024 })
    const acknowledged: { readonly ref: BlobRef; readonly bytes: Buffer }[] = []
    const states: { readonly disk: MemoryFileSystem; readonly count: number }[] = []
    fs.intercept(({ index, operation }) => {
      if (operation === 'read') return null
      for (const model of models) {
        const disk = fs.crash({ model, seed: index })
        states.push({ disk, count: acknowledged.length })
      }
      return null
    })
    const client = async (seed: number) => {
      for (let round = 0; round < 3; round++) {
        const bytes = noise(300 + ((seed * 977 + round * 3331) % 6000), seed * 10 + round)
        acknowledged.push({ ref: await append(open.engine, bytes), bytes })
      }
    }
    await Promise.all([1, 2, 3, 4].map(client))
    fs.intercept(null)
    await open[Symbol.asyncDispose]()
    expect(states.length).toBeGreaterThan(100)
    for (const { disk, count } of states) {
      await using next = await openEngine(disk, { seed: 2 })
      for (const { ref, bytes } of acknowledged.slice(0, count)) {
        expect((await readBack(next.engine, ref)).equals(bytes)).toBe(true)
      }
      expect(next.events.filter(({ event }) => event === 'corruption-found')).toEqual([])
      expect(next.segments.findings).toEqual([])
      expect(next.segments.list('data').every(({ state }) => state === 'sealed')).toBe(true)
    }
  })

  it('tells damage among acknowledged bytes from what the crash tore', async () => {
    const fs = new MemoryFileSystem()
    const open = await openEngine(fs, { laneCount: 1 })
    const first = await append(open.engine, noise(500, 1))
    await append(open.engine, noise(500, 2))
    await open.segments[Symbol.asyncDispose]()
    await flip(fs, '/data/hot/00000001.seg', first.place.offset + 60)
    await using next = await openEngine(fs, { seed: 2 })
    expect(next.events).toMatchObject([
      { event: 'corruption-found', file: 'segment 1', offset: 128, field: 'payload crc' },
      { event: 'segment-sealed' },
    ])
    await expect(readBack(next.engine, first)).rejects.toMatchObject({ kind: 'corruption' })
  })

  it('starts and serves although a leftover cannot be sealed', async () => {
    const fs = new MemoryFileSystem()
    const open = await openEngine(fs, { laneCount: 1 })
    const bytes = noise(3000)
    const ref = await append(open.engine, bytes)
    await open.segments[Symbol.asyncDispose]()
    fs.intercept(({ operation }) => (operation === 'write' ? { code: 'ENOSPC' } : null))
    {
      const next = await openEngine(fs, { seed: 2 })
      expect(next.events).toMatchObject([{ event: 'seal-failed', segment: 1 }])
      expect((await readBack(next.engine, ref)).equals(bytes)).toBe(true)
      await expect(append(next.engine, bytes)).rejects.toMatchObject({ kind: 'disk-full' })
      await next[Symbol.asyncDispose]()
    }
    fs.intercept(null)
    await using last = await openEngine(fs, { seed: 3 })
    expect(last.segments.list('data')).toMatchObject([{ id: 1, state: 'sealed' }])
    expect((await readBack(last.engine, ref)).equals(bytes)).toBe(true)
  })

  it('never uses memory of a chunk again before it is written', async () => {
    const fs = new MemoryFileSystem()
    await using open = await openEngine(fs, { idleBufferCountMax: 64 })
    fs.intercept(async ({ index }) => {
      await new Promise((resolve) => setTimeout(resolve, index % 3))
      return null
    })
    const blobs = Array.from({ length: 12 }, (_, index) => noise(4000 + index * 500, index + 1))
    const refs = await Promise.all(
      blobs.map((bytes) =>
        open.engine.append(pieces(bytes, 333), {
          label: Buffer.from('l'),
          signal: new AbortController().signal,
        }),
      ),
    )
    fs.intercept(null)
    for (const [index, ref] of refs.entries()) {
      expect((await readBack(open.engine, ref)).equals(blobs[index] ?? noise(1))).toBe(true)
    }
  })

  it('writes a blob into the tier it is told, compressed as that tier is', async () => {
    const fs = new MemoryFileSystem()
    const tiers = { warm: '/warm', cold: '/cold' }
    await using open = await openEngine(fs, { tiers })
    expect(open.engine.tiers).toEqual(['hot', 'warm', 'cold'])
    const body = Buffer.alloc(5000, 'repetition ')
    const codecs: Record<string, string> = {}
    for (const tier of open.engine.tiers) {
      const ref = await append(open.engine, body, { tier })
      expect((await readBack(open.engine, ref)).equals(body)).toBe(true)
      const part = open.engine.read(ref, { start: 1020, end: 2055 }, new AbortController().signal)
      const found: Uint8Array[] = []
      for await (const piece of part) found.push(piece)
      expect(Buffer.concat(found).equals(body.subarray(1020, 2055))).toBe(true)
      const info = open.segments.list('data').find(({ id }) => id === ref.blob.segment)
      expect(info?.tier).toBe(tier)
      codecs[tier] = (await open.segments.read(ref.blob)).header.codec
    }
    expect(codecs).toEqual({ hot: 'lz4', warm: 'zstd', cold: 'zstd' })
  })

  it('counts what compression saved', async () => {
    await using open = await openEngine(new MemoryFileSystem())
    await append(open.engine, Buffer.concat([Buffer.alloc(4096), noise(2048)]))
    open.engine.small(noise(1000))
    const { rawBytes, plainBytes, compressedRawBytes, compressedBytes } = open.engine.counters
    expect({ rawBytes, plainBytes, compressedRawBytes }).toEqual({
      rawBytes: 7144,
      plainBytes: 3048,
      compressedRawBytes: 4096,
    })
    expect(compressedBytes).toBeLessThan(400)
  })

  it('tells which segments are read', async () => {
    const heat = new Heat(0)
    await using open = await openEngine(new MemoryFileSystem(), { heat })
    const ref = await append(open.engine, noise(3000))
    await readBack(open.engine, ref)
    // A recipe and three chunks.
    expect([...heat.entries]).toEqual([[ref.blob.segment, 4]])
  })
})
