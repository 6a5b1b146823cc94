import { describe, expect, it } from 'vitest'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import type { LocalSegments } from '../../src/segment/local-segments.ts'
import type { Place } from '../../src/segment/types.ts'
import { appendAll, chunk, collect, openSegments, outline } from './fixture.ts'

const contents = ['one', 'two', 'three']

let places: readonly Place[]
/** Where the records end and the first index page begins. */
let dataEnd: number

describe('local segments, crashed', () => {
  const models = ['lose-all', 'keep-all', 'subset', 'torn', 'kill'] as const

  /** Runs `work` and calls `check` with what a crash at each of its disk operations may leave. */
  async function atEveryCrash({
    start,
    work,
    check,
    onCrash = () => {},
  }: {
    readonly start: () => Promise<MemoryFileSystem>
    readonly work: (disk: MemoryFileSystem) => Promise<void>
    readonly check: (disk: MemoryFileSystem, name: string) => Promise<void>
    readonly onCrash?: (name: string) => void
  }): Promise<number> {
    const disk = await start()
    const images: [string, MemoryFileSystem][] = []
    disk.intercept(({ index, operation }) => {
      for (const model of models) {
        const name = `${model} before ${operation} ${index}`
        images.push([name, disk.crash({ model, seed: index })])
        onCrash(name)
      }
      return null
    })
    await work(disk)
    disk.intercept(null)
    for (const model of models) images.push([`${model} at end`, disk.crash({ model })])
    for (const [name, image] of images) await check(image, name)
    return images.length
  }

  async function unsealedDisk(): Promise<MemoryFileSystem> {
    const disk = new MemoryFileSystem({ simulate: true })
    const segments = await openSegments(disk)
    const writer = segments.createWriter({ kind: 'data' })
    places = appendAll(writer, contents)
    dataEnd = writer.size
    await writer.sync()
    writer.append(chunk('never acknowledged'))
    await writer.write()
    await segments[Symbol.asyncDispose]()
    return disk
  }

  async function expectAll(disk: MemoryFileSystem, name: string): Promise<void> {
    const segments = await openSegments(disk, { seed: 3 })
    if (segments.list('data')[0]?.state === 'unsealed') await segments.seal(1, dataEnd)
    expect(segments.findings, name).toEqual([])
    expect(outline(await collect(segments.scan(1, { payloads: true }))), name).toEqual(contents)
    for (const place of places) {
      const { place: found } = await segments.find(1, { blob: place, number: 0 })
      expect(found, name).toEqual(place)
    }
    await segments[Symbol.asyncDispose]()
  }

  it('seals a leftover at the next start, wherever the sealing was cut short', async () => {
    const stateCount = await atEveryCrash({
      start: unsealedDisk,
      work: async (disk) => {
        const segments = await openSegments(disk, { seed: 2 })
        await segments.seal(1, dataEnd)
      },
      check: expectAll,
    })
    expect(stateCount).toBeGreaterThan(50)
  })

  it('keeps what was synced, wherever sealing by the writer was cut short', async () => {
    let isSynced = false
    const syncedAt = new Set<string>()
    await atEveryCrash({
      start: async () => new MemoryFileSystem({ simulate: true }),
      work: async (disk) => {
        const segments = await openSegments(disk)
        const writer = segments.createWriter({ kind: 'data' })
        places = appendAll(writer, contents)
        dataEnd = writer.size
        await writer.sync()
        isSynced = true
        await writer.seal()
      },
      check: async (disk, name) => {
        if (syncedAt.has(name)) return expectAll(disk, name)
        const segments = await openSegments(disk, { seed: 3 })
        expect(segments.findings, name).toEqual([])
        for (const { id } of segments.list('data')) await collect(segments.scan(id))
      },
      onCrash: (name) => {
        if (isSynced) syncedAt.add(name)
      },
    })
    expect(syncedAt.size).toBeGreaterThanOrEqual(20)
  })

  it('has the old snapshot or the new one, whole', async () => {
    const header = (firstSequence: number) => ({
      previousSegment: 0,
      previousEnd: 0,
      firstSequence,
      chain: Buffer.alloc(32),
    })
    const publish = async (segments: LocalSegments, sequence: number) => {
      const writer = segments.createWriter({ kind: 'snapshot', chain: () => header(sequence) })
      for (let page = 0; page < 5; page++) writer.append(chunk(`${sequence}`.repeat(400)))
      await segments.publishSnapshot(writer)
      return writer.id
    }
    await atEveryCrash({
      start: async () => {
        const disk = new MemoryFileSystem({ simulate: true })
        await publish(await openSegments(disk), 1)
        return disk
      },
      work: async (disk) => {
        const segments = await openSegments(disk, { seed: 2 })
        await publish(segments, 2)
        await segments.removeSnapshot(1)
      },
      check: async (disk, name) => {
        const segments = await openSegments(disk, { seed: 3 })
        const snapshots = segments.list('snapshot')
        expect(snapshots.length, name).toBeGreaterThan(0)
        for (const { id, header } of snapshots) {
          const text = `${header.firstSequence}`.repeat(400)
          const pages = outline(await collect(segments.scan(id, { payloads: true })))
          expect(pages, name).toEqual(Array.from({ length: 5 }, () => text))
        }
      },
    })
  })
})
