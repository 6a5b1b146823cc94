import { setTimeout as delay } from 'node:timers/promises'
import { beforeEach, describe, expect, it } from 'vitest'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { SegmentError } from '../../src/segment/errors.ts'
import type { LocalSegments } from '../../src/segment/local-segments.ts'
import { encodeSegmentHeader } from '../../src/segment/segment-header.ts'
import type { Place } from '../../src/segment/types.ts'
import {
  appendAll,
  chunk,
  collect,
  flip,
  openSegments,
  outline,
  overwrite,
  readWhole,
} from './fixture.ts'

const path = '/data/hot/00000001.seg'
const contents = ['one', 'two', 'three']

let fs: MemoryFileSystem
let places: readonly Place[]
/** Where the records end and the first index page begins. */
let dataEnd: number

/** Leaves a segment with three records behind, sealed or not. */
async function leave(isSealed: boolean): Promise<void> {
  fs = new MemoryFileSystem()
  const segments = await openSegments(fs)
  const writer = segments.createWriter({ kind: 'data' })
  places = appendAll(writer, contents)
  dataEnd = writer.size
  if (isSealed) await writer.seal()
  else await writer.sync()
  await segments[Symbol.asyncDispose]()
}

function placeAt(index: number): Place {
  const place = places[index]
  if (place === undefined) throw new RangeError('no such place')
  return place
}

async function put(file: string, bytes: Uint8Array): Promise<void> {
  await using handle = await fs.open(file, 'create')
  await handle.write([bytes], 0)
}

const reopen = (): Promise<LocalSegments> => openSegments(fs, { seed: 2 })

describe('local segments at start', () => {
  beforeEach(() => leave(true))

  it('removes what is unfinished, and does not use its id again', async () => {
    await put('/data/snapshots/00000007.tmp', Buffer.alloc(500))
    const segments = await reopen()
    expect(await fs.list('/data/snapshots')).toEqual([])
    expect(segments.nextId).toBe(8)
    expect(segments.findings).toEqual([])
  })

  it('removes a creation that was cut short, at every length', async () => {
    const header = (await readWhole(fs, path)).subarray(0, 128)
    for (const bytes of [Buffer.alloc(0), header.subarray(0, 127), Buffer.alloc(128)]) {
      await put('/data/hot/00000002.seg', bytes)
      const segments = await reopen()
      expect(segments.list('data').map(({ id }) => id)).toEqual([1])
      expect(segments.findings).toEqual([])
      expect(segments.nextId).toBe(3)
    }
    expect(await fs.list('/data/hot')).toEqual(['00000001.seg'])
  })

  it('leaves alone what is no segment', async () => {
    await put('/data/hot/README', Buffer.from('hands off'))
    await put('/data/snapshots/00000001.seg', Buffer.from('not here'))
    const segments = await reopen()
    expect(segments.list('data')).toHaveLength(1)
    expect(segments.list('snapshot')).toHaveLength(0)
    expect(await fs.list('/data/hot')).toEqual(['00000001.seg', 'README'])
  })

  it('refuses a file of a later version, by name', async () => {
    const bytes = await readWhole(fs, path)
    const { crc32c } = await import('@node-rs/crc32')
    bytes.writeUInt16LE(2, 8)
    bytes.writeUInt32LE(crc32c(bytes.subarray(0, 124)), 124)
    await overwrite(fs, path, { offset: 0, bytes: bytes.subarray(0, 128) })
    const outcome = await reopen().catch((error: unknown) => error)
    expect(outcome).toBeInstanceOf(SegmentError)
    expect(outcome).toMatchObject({
      kind: 'unknown-version',
      message: `unknown-version: ${path}, 8, format version`,
    })
  })

  it('does not serve a segment of another store, or one under the wrong name', async () => {
    const whole = await readWhole(fs, path)
    await put('/data/hot/00000002.seg', whole)
    await put('/data/journal/00000003.seg', whole)
    const foreign = encodeSegmentHeader({
      kind: 'data',
      tier: 'hot',
      id: 4,
      storeId: Buffer.alloc(16, 9),
      nonce: 1,
      lane: 0,
      createdAt: 0,
      previousSegment: 0,
      previousEnd: 0,
      firstSequence: 0,
      chain: Buffer.alloc(32),
    })
    await put('/data/hot/00000004.seg', Buffer.concat([foreign, whole.subarray(128)]))
    const segments = await reopen()
    expect(segments.findings.map(({ field }) => field).sort()).toEqual([
      'kind',
      'segment id',
      'store id',
    ])
    for (const id of [2, 3, 4]) {
      const read = segments.read({ segment: id, offset: 128 })
      await expect(read).rejects.toMatchObject({ kind: 'corruption' })
      expect(outline(await collect(segments.scan(id)))).toEqual([
        `damage 128-${whole.length} header`,
      ])
    }
    expect((await segments.read(placeAt(0))).payload.toString()).toBe('one')
  })

  it('opens many segments, few at a time', async () => {
    const segments = await openSegments(fs, { seed: 2 })
    for (let count = 0; count < 40; count++) {
      const writer = segments.createWriter({ kind: 'journal' })
      writer.append(chunk(`${count}`))
      await writer.sync()
    }
    let openCount = 0
    let openCountMax = 0
    fs.intercept(async ({ operation }) => {
      if (operation !== 'open') return null
      openCount += 1
      openCountMax = Math.max(openCountMax, openCount)
      await delay(1)
      openCount -= 1
      return null
    })
    const next = await openSegments(fs, { seed: 3, openConcurrency: 4 })
    expect(next.list('journal').map(({ id }) => id)).toEqual(
      Array.from({ length: 40 }, (_, index) => index + 2),
    )
    expect(openCountMax).toBe(4)
  })
})

describe('local segments with a damaged header', () => {
  it('reads all records, and says so', async () => {
    await leave(true)
    await flip(fs, path, 40)
    const segments = await reopen()
    expect(segments.findings).toEqual([{ file: path, offset: 0, field: 'header crc' }])
    expect(segments.list('data')).toMatchObject([{ id: 1, state: 'damaged', dataSize: dataEnd }])
    for (const [index, place] of places.entries()) {
      expect((await segments.read(place)).payload.toString()).toBe(contents[index])
      expect((await segments.find(1, { blob: place, number: 0 })).place).toEqual(place)
    }
    expect(outline(await collect(segments.scan(1, { payloads: true })))).toEqual(contents)
  })

  it('survives any single flipped bit of the header with all records readable', async () => {
    await leave(true)
    for (let bit = 0; bit < 128 * 8; bit++) {
      await flip(fs, path, bit >> 3, 1 << (bit & 7))
      const segments = await reopen()
      expect(segments.findings, `bit ${bit}`).toHaveLength(1)
      expect((await segments.read(placeAt(2))).payload.toString(), `bit ${bit}`).toBe('three')
      await segments[Symbol.asyncDispose]()
      await flip(fs, path, bit >> 3, 1 << (bit & 7))
    }
  })

  it('never seals such a file, nor removes it', async () => {
    await leave(false)
    await flip(fs, path, 40)
    const before = await readWhole(fs, path)
    const segments = await reopen()
    await expect(segments.seal(1, dataEnd)).rejects.toThrow('not a segment found unsealed')
    expect((await readWhole(fs, path)).equals(before)).toBe(true)
  })
})

describe('local segments with a damaged index', () => {
  beforeEach(() => leave(true))

  it('never serves a wrong byte for any flipped byte of the file', async () => {
    const size = (await readWhole(fs, path)).length
    for (let offset = 128; offset < size; offset++) {
      await flip(fs, path, offset, 0x10)
      const segments = await reopen()
      for (const [index, place] of places.entries()) {
        const payload = await segments.read(place).then(
          ({ payload }) => payload.toString(),
          (error: unknown) => (error as SegmentError).kind,
        )
        const isOwn = offset >= place.offset && offset < place.offset + 56
        const isPadding = isOwn && offset >= place.offset + 48 + (contents[index]?.length ?? 0)
        const expected = isOwn && !isPadding ? 'corruption' : contents[index]
        expect(payload, `offset ${offset}`).toBe(expected)
      }
      if (segments.list('data')[0]?.state === 'sealed') {
        const { place } = await segments.find(1, { blob: placeAt(1), number: 0 })
        if (place !== null) expect(place).toEqual(placeAt(1))
      } else await segments.seal(1, dataEnd)
      await segments[Symbol.asyncDispose]()
      await leave(true)
    }
  })

  it('seals again when trailer or footer do not verify', async () => {
    const size = (await readWhole(fs, path)).length
    const footerAt = size - 32 - (48 + 80 + 16 + 8)
    for (const offset of [size - 20, size - 32 + 16, footerAt + 3, footerAt + 60]) {
      await leave(true)
      await flip(fs, path, offset)
      const damaged = await reopen()
      expect(damaged.findings, `offset ${offset}`).toHaveLength(1)
      expect(damaged.list('data')[0]?.state).toBe('unsealed')
      expect(outline(await collect(damaged.scan(1, { payloads: true })))).toEqual(contents)
      await damaged.seal(1, dataEnd)
      const healed = await reopen()
      expect(healed.findings).toEqual([])
      expect(healed.list('data')[0]).toMatchObject({ state: 'sealed', dataSize: dataEnd })
      expect((await healed.find(1, { blob: placeAt(1), number: 0 })).place).toEqual(placeAt(1))
    }
  })

  it('rebuilds the index from the records when a page does not verify', async () => {
    await flip(fs, path, dataEnd + 50)
    const segments = await reopen()
    const key = { blob: placeAt(1), number: 0 }
    expect(await segments.find(1, key)).toEqual({ place: placeAt(1), reads: 0 })
    expect(await segments.find(1, { blob: placeAt(1), number: 9 })).toMatchObject({ place: null })
    expect(segments.mayHold(1, key)).toBe(true)
    expect(segments.findings).toMatchObject([{ file: path, offset: dataEnd }])
  })

  it('reports a record that is damaged once, and the file that is gone', async () => {
    await flip(fs, path, placeAt(1).offset + 49)
    const segments = await reopen()
    for (let count = 0; count < 3; count++) {
      await expect(segments.read(placeAt(1))).rejects.toMatchObject({
        kind: 'corruption',
        detail: { file: path, offset: placeAt(1).offset, field: 'payload crc' },
      })
    }
    expect(segments.findings).toHaveLength(1)
    const other = await reopen()
    await fs.remove(path)
    await expect(other.read(placeAt(0))).rejects.toMatchObject({ kind: 'missing-segment' })
    expect(other.findings).toEqual([{ file: path, offset: 0, field: 'file' }])
  })

  it('does not take a disk that does not answer for damage', async () => {
    const segments = await reopen()
    fs.intercept(({ operation }) => (operation === 'read' ? { code: 'EIO' } : null))
    await expect(segments.read(placeAt(0))).rejects.toMatchObject({ code: 'EIO' })
    fs.intercept(null)
    expect(segments.findings).toEqual([])
    expect((await segments.read(placeAt(0))).payload.toString()).toBe('one')
  })
})

describe('local segments on a full disk', () => {
  it('leave no file behind for an attempt that stored nothing', async () => {
    fs = new MemoryFileSystem({ capacity: 1000 })
    const segments = await openSegments(fs)
    for (let attempt = 0; attempt < 5; attempt++) {
      const writer = segments.createWriter({ kind: 'data' })
      writer.append(chunk('x'.repeat(5000)))
      await expect(writer.sync()).rejects.toMatchObject({ cause: { code: 'ENOSPC' } })
    }
    const writer = segments.createWriter({ kind: 'data' })
    const place = writer.append(chunk('fits'))
    await writer.sync()
    expect((await segments.read(place)).payload.toString()).toBe('fits')
    expect(await fs.list('/data/hot')).toEqual(['00000006.seg'])
    expect(segments.list('data').map(({ id }) => id)).toEqual([6])
  })
})
