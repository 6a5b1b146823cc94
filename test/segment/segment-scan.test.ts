import { describe, expect, it } from 'vitest'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { SeededRandom } from '../../src/platform/seeded-random.ts'
import type { ScanStep } from '../../src/segment/segments.ts'
import type { Place, RecordKind } from '../../src/segment/types.ts'
import { appendAll, collect, flip, openSegments, outline, overwrite, readWhole } from './fixture.ts'

const path = '/data/hot/00000001.seg'

interface Unsealed {
  readonly fs: MemoryFileSystem
  readonly places: readonly Place[]
  readonly size: number
}

/** A segment as a process leaves it behind that dies without sealing it. */
async function unsealed(contents: readonly (string | Buffer)[]): Promise<Unsealed> {
  const fs = new MemoryFileSystem()
  const segments = await openSegments(fs)
  const writer = segments.createWriter({ kind: 'data' })
  const places = appendAll(writer, contents)
  await writer.sync()
  await segments[Symbol.asyncDispose]()
  return { fs, places, size: writer.size }
}

async function walk(fs: MemoryFileSystem, payloads = true): Promise<string[]> {
  const segments = await openSegments(fs, { seed: 2 })
  const steps = await collect(segments.scan(1, { payloads }))
  await segments[Symbol.asyncDispose]()
  return outline(steps)
}

async function cut(fs: MemoryFileSystem, size: number): Promise<void> {
  await using handle = await fs.open(path, 'update')
  await handle.truncate(size)
}

function offsetOf(places: readonly Place[], index: number): number {
  const place = places[index]
  if (place === undefined) throw new RangeError('no such place')
  return place.offset
}

describe('segment scan', () => {
  it('reads records of all sizes in order, whatever window they fall into', async () => {
    const random = new SeededRandom(3)
    const contents = [0, 1, 300_000, 7, 262_144, 262_096, 100, 1_000_000, 8].map((size) =>
      random.bytes(size),
    )
    const { fs } = await unsealed(contents)
    const segments = await openSegments(fs, { seed: 2 })
    const steps = await collect(segments.scan(1, { payloads: true }))
    const isSame = steps.map(
      (step, index) =>
        step.step === 'record' && step.payload?.equals(contents[index] ?? step.payload),
    )
    expect(isSame).toEqual(contents.map(() => true))
    const headers = await collect(segments.scan(1))
    expect(headers.map((step) => step.step === 'record' && step.header)).toEqual(
      steps.map((step) => step.step === 'record' && step.header),
    )
  })

  it('reads headers of large records without reading their payloads', async () => {
    const { fs } = await unsealed(Array.from({ length: 20 }, () => Buffer.alloc(1_000_000)))
    const segments = await openSegments(fs, { seed: 2 })
    let readSize = 0
    fs.intercept(({ operation, length }) => {
      if (operation === 'read') readSize += length ?? 0
      return null
    })
    expect(await collect(segments.scan(1))).toHaveLength(20)
    expect(readSize).toBeLessThan(1_000_000)
  })

  it('goes on after a damaged header, and says what is lost', async () => {
    const { fs, places } = await unsealed(['one', 'two', 'three', 'four'])
    await flip(fs, path, offsetOf(places, 1) + 20)
    const lost = `damage ${offsetOf(places, 1)}-${offsetOf(places, 2)} record header crc`
    expect(await walk(fs)).toEqual(['one', lost, 'three', 'four'])
  })

  it('goes on after a damaged payload, when it is asked to look', async () => {
    const { fs, places } = await unsealed(['one', 'two', 'three', 'four'])
    await flip(fs, path, offsetOf(places, 1) + 48)
    const lost = `damage ${offsetOf(places, 1)}-${offsetOf(places, 2)} payload crc`
    expect(await walk(fs)).toEqual(['one', lost, 'three', 'four'])
    expect(await walk(fs, false)).toEqual(['chunk', 'chunk', 'chunk', 'chunk'])
  })

  it('looks at the payloads of one kind, when it is asked for those', async () => {
    const { fs, places } = await unsealed(['one', 'two', 'three'])
    await flip(fs, path, offsetOf(places, 1) + 48)
    const segments = await openSegments(fs, { seed: 2 })
    const walkOf = async (payloadKind: RecordKind) =>
      outline(await collect(segments.scan(1, { payloads: true, payloadKind })))
    expect(await walkOf('commit')).toEqual(['chunk', 'chunk', 'chunk'])
    expect(await walkOf('chunk')).toEqual(await walk(fs))
    await segments[Symbol.asyncDispose]()
  })

  it('takes damage that hangs together for one', async () => {
    const { fs, places } = await unsealed(['one', 'two', 'three', 'four'])
    await flip(fs, path, offsetOf(places, 0) + 48)
    await overwrite(fs, path, { offset: offsetOf(places, 1), bytes: Buffer.alloc(80) })
    const lost = `damage 128-${offsetOf(places, 3)} payload crc`
    expect(await walk(fs)).toEqual([lost, 'four'])
  })

  it('finds the next record across windows', async () => {
    const { fs, places } = await unsealed(['one', Buffer.alloc(600_000), 'three'])
    await flip(fs, path, offsetOf(places, 1))
    const lost = `damage ${offsetOf(places, 1)}-${offsetOf(places, 2)} record magic`
    expect(await walk(fs)).toEqual(['one', lost, 'three'])
  })

  it('tells what it has found before a search that fails', async () => {
    const { fs, places } = await unsealed(['one', 'two', Buffer.alloc(600_000), 'three'])
    await flip(fs, path, offsetOf(places, 2))
    const segments = await openSegments(fs, { seed: 2 })
    fs.intercept(({ operation, offset }) =>
      operation === 'read' && (offset ?? 0) > offsetOf(places, 2) ? { code: 'EIO' } : null,
    )
    const found: ScanStep[] = []
    const walking = (async () => {
      for await (const step of segments.scan(1, { payloads: true })) found.push(step)
    })()
    await expect(walking).rejects.toMatchObject({ code: 'EIO' })
    expect(outline(found)).toEqual(['one', 'two'])
  })

  it('takes damage with nothing valid after it for a torn tail, at every length', async () => {
    const { fs, places, size } = await unsealed(['one', 'two', 'three'])
    const start = offsetOf(places, 2)
    for (let end = size - 4; end > start; end--) {
      await cut(fs, end)
      expect(await walk(fs), `cut at ${end}`).toEqual(['one', 'two', `torn ${start}-${end}`])
    }
    await cut(fs, start)
    expect(await walk(fs)).toEqual(['one', 'two'])
  })

  it('needs no padding after the last record', async () => {
    const { fs, size } = await unsealed(['one', 'two', 'three'])
    await cut(fs, size - 3)
    expect(await walk(fs)).toEqual(['one', 'two', 'three'])
  })

  it('takes a zeroed tail for a torn one', async () => {
    const { fs, size } = await unsealed(['one'])
    await overwrite(fs, path, { offset: size, bytes: Buffer.alloc(700_000) })
    expect(await walk(fs)).toEqual(['one', `torn ${size}-${size + 700_000}`])
  })

  it('is not fooled by records that someone stored as data', async () => {
    const inner = await unsealed(['forged'])
    const bytes = await readWhole(inner.fs, path)
    // The forger knows segment and offset, and lacks only the nonce.
    const fs = new MemoryFileSystem()
    const segments = await openSegments(fs, { seed: 99 })
    const writer = segments.createWriter({ kind: 'data' })
    const [place] = appendAll(writer, [bytes.subarray(128), 'true'])
    await writer.sync()
    await segments[Symbol.asyncDispose]()
    await flip(fs, path, 130)
    expect(place?.offset).toBe(128)
    expect(await walk(fs)).toEqual(['damage 128-232 record magic', 'true'])
  })

  it('stops before the remains of a sealing that was cut short', async () => {
    const { fs, places, size } = await unsealed(['one', 'two'])
    const segments = await openSegments(fs, { seed: 2 })
    await segments.seal(1, size)
    await segments[Symbol.asyncDispose]()
    const sealed = await readWhole(fs, path)
    await cut(fs, sealed.length - 32)
    expect(await walk(fs)).toEqual(['one', 'two'])
    await flip(fs, path, size + 3)
    expect(await walk(fs)).toEqual(['one', 'two', `torn ${size}-${size + 80}`])
    await flip(fs, path, size + 3)
    await flip(fs, path, offsetOf(places, 1))
    const lost = `damage ${offsetOf(places, 1)}-${size} record magic`
    expect(await walk(fs)).toEqual(['one', lost])
  })

  it('reports damage up to the very end of a sealed segment as damage', async () => {
    const { fs, places, size } = await unsealed(['one', 'two'])
    const segments = await openSegments(fs, { seed: 2 })
    await segments.seal(1, size)
    await segments[Symbol.asyncDispose]()
    await flip(fs, path, offsetOf(places, 1) + 48)
    const lost = `damage ${offsetOf(places, 1)}-${size} payload crc`
    expect(await walk(fs)).toEqual(['one', lost])
  })
})
