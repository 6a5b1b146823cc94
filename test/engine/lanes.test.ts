import { describe, expect, it } from 'vitest'
import type { EngineEvent } from '../../src/engine/events.ts'
import { Lanes } from '../../src/engine/lanes.ts'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { chunk, openSegments } from '../segment/fixture.ts'

async function openLanes(fs = new MemoryFileSystem()) {
  const segments = await openSegments(fs)
  const events: EngineEvent[] = []
  const emit = (event: EngineEvent) => events.push(event)
  const lanes = new Lanes({ segments, laneCount: 2, segmentSizeMax: 4096, emit })
  return { fs, segments, events, lanes }
}

describe('lanes', () => {
  it('give out the one with the fewest blobs under way', async () => {
    const { lanes } = await openLanes()
    const first = lanes.take()
    const second = lanes.take()
    expect(second).not.toBe(first)
    lanes.giveBack(second)
    expect(lanes.take()).toBe(second)
    expect(lanes.take()).not.toBe(lanes.take())
  })

  it('make no file before there is something to write', async () => {
    const { fs, lanes } = await openLanes()
    lanes.take()
    await lanes.close()
    expect(await fs.list('/data/hot')).toEqual([])
  })

  it('go on in a new segment when the old one is full, and seal that', async () => {
    const { segments, events, lanes } = await openLanes()
    const lane = lanes.take()
    const ids: number[] = []
    for (let count = 0; count < 10; count++) {
      const writer = lane.writerFor(1000)
      ids.push(writer.append(chunk(Buffer.alloc(1000))).segment)
    }
    expect(ids).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3, 4])
    await lanes.close()
    expect(segments.list('data').map(({ state }) => state)).toEqual(Array(4).fill('sealed'))
    expect(segments.list('data').every(({ dataSize }) => dataSize <= 4096)).toBe(true)
    expect(events.map(({ event }) => event)).toEqual(Array(4).fill('segment-sealed'))
  })

  it('abandon a segment that failed, tell of it once, and go on in a new one', async () => {
    const { fs, segments, events, lanes } = await openLanes()
    const lane = lanes.take()
    const writer = lane.writerFor(5)
    const kept = writer.append(chunk('kept!'))
    await writer.sync()
    fs.intercept(({ operation }) => (operation === 'sync' ? { code: 'EIO' } : null))
    writer.append(chunk('lost!'))
    const cause = await writer.sync().catch((error: unknown) => error)
    lane.failed(writer, cause)
    lane.failed(writer, cause)
    fs.intercept(null)
    const next = lane.writerFor(5)
    expect(next.id).not.toBe(writer.id)
    next.append(chunk('again'))
    await lanes.close()
    expect(events).toMatchObject([
      { event: 'lane-abandoned', lane: 0, segment: 1, cause },
      { event: 'segment-sealed', segment: 2 },
    ])
    expect((await segments.read(kept)).payload.toString()).toBe('kept!')
  })

  it('tell of a sealing that failed', async () => {
    const { fs, events, lanes } = await openLanes()
    const writer = lanes.take().writerFor(5)
    writer.append(chunk('kept!'))
    await writer.sync()
    fs.intercept(({ operation }) => (operation === 'write' ? { code: 'ENOSPC' } : null))
    await lanes.close()
    expect(events).toMatchObject([{ event: 'lane-abandoned', segment: 1 }])
  })
})
