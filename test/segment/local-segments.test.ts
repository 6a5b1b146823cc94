import { describe, expect, it } from 'vitest'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { SeededRandom } from '../../src/platform/seeded-random.ts'
import { LocalSegments } from '../../src/segment/local-segments.ts'
import type { ScanStep } from '../../src/segment/segments.ts'
import type { RecordInput } from '../../src/segment/types.ts'

const storeId = '00112233-4455-6677-8899-aabbccddeeff'

function open(fs: MemoryFileSystem, seed = 1): Promise<LocalSegments> {
  return LocalSegments.open({
    fs,
    directory: '/data',
    storeId,
    clock: { now: () => 1_700_000_000_000 },
    random: new SeededRandom(seed),
  })
}

function chunk(text: string): RecordInput {
  const payload = Buffer.from(text)
  return { kind: 'chunk', codec: 'none', blob: 'self', number: 0, rawSize: payload.length, payload }
}

async function collect(steps: AsyncIterable<ScanStep>): Promise<ScanStep[]> {
  const all: ScanStep[] = []
  for await (const step of steps) all.push(step)
  return all
}

describe('local segments', () => {
  it('reads a record before it is written, after, and in another process', async () => {
    const fs = new MemoryFileSystem()
    const segments = await open(fs)
    const writer = segments.createWriter({ kind: 'data' })
    const place = writer.append(chunk('hello'))
    expect((await segments.read(place)).payload.toString()).toBe('hello')
    await writer.sync()
    expect((await segments.read(place, 5)).payload.toString()).toBe('hello')
    await writer.seal()
    expect(segments.list('data')[0]?.state).toBe('sealed')
    expect((await segments.find(place.segment, { blob: place, number: 0 })).place).toEqual(place)
    await segments[Symbol.asyncDispose]()

    const again = await open(fs)
    expect(again.list('data')[0]).toMatchObject({ state: 'sealed', dataSize: 184 })
    expect((await again.read(place)).payload.toString()).toBe('hello')
    expect(await collect(again.scan(place.segment))).toHaveLength(1)
  })
})
