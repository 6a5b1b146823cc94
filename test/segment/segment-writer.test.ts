import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type DiskOperation, MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { SegmentError } from '../../src/segment/errors.ts'
import { appendAll, chunk, collect, openSegments, outline } from './fixture.ts'

/** The operations that changed the disk since the folders were made, one line each. */
function traceOf(fs: MemoryFileSystem): string[] {
  return fs.trace
    .filter(({ operation, path }) => path.includes('.') || operation === 'syncDirectory')
    .slice(-100)
    .map(({ operation, path, offset, length, target }) =>
      [operation, path, offset, length, target].filter((part) => part !== undefined).join(' '),
    )
    .filter((line) => line !== 'syncDirectory /' && line !== 'syncDirectory /data')
}

function countOf(fs: MemoryFileSystem, operation: DiskOperation['operation']): number {
  return fs.trace.filter((each) => each.operation === operation).length
}

describe('segment writer', () => {
  it('makes header and name durable before the first record', async () => {
    const fs = new MemoryFileSystem({ trace: true })
    const segments = await openSegments(fs)
    const writer = segments.createWriter({ kind: 'data' })
    appendAll(writer, ['one', 'two'])
    expect(traceOf(fs)).toEqual([])
    await writer.sync()
    writer.append(chunk('three'))
    await writer.sync()
    expect(traceOf(fs)).toEqual([
      'create /data/hot/00000001.seg',
      'write /data/hot/00000001.seg 0 128',
      'sync /data/hot/00000001.seg',
      'syncDirectory /data/hot',
      'write /data/hot/00000001.seg 128 112',
      'sync /data/hot/00000001.seg',
      'write /data/hot/00000001.seg 240 56',
      'sync /data/hot/00000001.seg',
    ])
  })

  it('makes index and footer durable before the trailer', async () => {
    const fs = new MemoryFileSystem({ trace: true })
    const segments = await openSegments(fs)
    const writer = segments.createWriter({ kind: 'data' })
    writer.append(chunk('one'))
    await writer.sync()
    const before = traceOf(fs).length
    await writer.seal()
    expect(traceOf(fs).slice(before)).toEqual([
      'write /data/hot/00000001.seg 184 216',
      'sync /data/hot/00000001.seg',
      'write /data/hot/00000001.seg 400 32',
      'sync /data/hot/00000001.seg',
    ])
  })

  it('publishes a snapshot only when it is durable', async () => {
    const fs = new MemoryFileSystem({ trace: true })
    const segments = await openSegments(fs)
    const header = {
      previousSegment: 0,
      previousEnd: 0,
      firstSequence: 255,
      chain: Buffer.alloc(32),
    }
    const writer = segments.createWriter({ kind: 'snapshot', chain: () => header })
    writer.append({ ...chunk('page'), kind: 'snapshotPage' })
    await segments.publishSnapshot(writer)
    expect(traceOf(fs)).toEqual([
      'create /data/snapshots/00000001.tmp',
      'write /data/snapshots/00000001.tmp 0 128',
      'sync /data/snapshots/00000001.tmp',
      'syncDirectory /data/snapshots',
      'write /data/snapshots/00000001.tmp 128 56',
      'sync /data/snapshots/00000001.tmp',
      'rename /data/snapshots/00000001.tmp /data/snapshots/00000000000000ff.snap',
      'syncDirectory /data/snapshots',
    ])
  })

  it('shares syncs: those that arrive while one is under way share the next', async () => {
    const fs = new MemoryFileSystem({ trace: true })
    const segments = await openSegments(fs)
    const writer = segments.createWriter({ kind: 'journal' })
    writer.append(chunk('first'))
    await writer.sync()
    const before = countOf(fs, 'sync')
    const syncs = [writer.append(chunk('a')) && writer.sync()]
    for (let index = 0; index < 50; index++) {
      writer.append(chunk(`${index}`))
      syncs.push(writer.sync())
      if (index % 10 === 0) await Promise.resolve()
    }
    await Promise.all(syncs)
    expect(countOf(fs, 'sync') - before).toBeLessThanOrEqual(3)
    expect(writer.durableSize).toBe(writer.size)
    expect(await collect(segments.scan(writer.id))).toHaveLength(52)
  })

  it('does not sync what is durable', async () => {
    const fs = new MemoryFileSystem({ trace: true })
    const segments = await openSegments(fs)
    const writer = segments.createWriter({ kind: 'data' })
    writer.append(chunk('a'))
    await writer.sync()
    const before = fs.trace.length
    await writer.sync()
    await writer.write()
    expect(fs.trace.length).toBe(before)
  })

  it('keeps order and loses nothing under any mix of write and sync', async () => {
    const fs = new MemoryFileSystem()
    const segments = await openSegments(fs)
    const writer = segments.createWriter({ kind: 'data' })
    fs.intercept(async ({ index }) => {
      if (index % 3 === 0) await delay(index % 5)
      return null
    })
    const waits: Promise<void>[] = []
    const contents = Array.from({ length: 300 }, (_, index) => 'x'.repeat(index))
    for (const [index, content] of contents.entries()) {
      writer.append(chunk(content))
      if (index % 7 === 0) waits.push(writer.sync())
      if (index % 4 === 0) waits.push(writer.write())
      if (index % 31 === 0) await delay(1)
    }
    await Promise.all([...waits, writer.sync()])
    fs.intercept(null)
    expect(outline(await collect(segments.scan(writer.id, { payloads: true })))).toEqual(contents)
  })

  it('resolves a sync only when the bytes before it are durable', async () => {
    const fs = new MemoryFileSystem({ simulate: true })
    const segments = await openSegments(fs)
    const writer = segments.createWriter({ kind: 'data' })
    for (let round = 0; round < 20; round++) {
      const place = writer.append(chunk(`round ${round}`))
      const other = writer.write()
      await writer.sync()
      const after = await openSegments(fs.crash({ model: 'lose-all' }), { seed: 2 })
      expect((await after.read(place)).payload.toString()).toBe(`round ${round}`)
      await other
    }
  })

  it('remembers in each record what was durable before it', async () => {
    const segments = await openSegments(new MemoryFileSystem())
    const writer = segments.createWriter({ kind: 'data' })
    const first = writer.append(chunk('a'))
    await writer.sync()
    const second = writer.append(chunk('b'))
    const third = writer.append(chunk('c'))
    const ends = await Promise.all(
      [first, second, third].map(async (place) => (await segments.read(place)).header.durableEnd),
    )
    expect(ends).toEqual([0, 184, 184])
  })

  it.each(['create', 'write', 'sync', 'syncDirectory'] as const)(
    'gives up for good when the first %s fails',
    async (operation) => {
      const fs = new MemoryFileSystem()
      const segments = await openSegments(fs)
      const writer = segments.createWriter({ kind: 'data' })
      fs.intercept((each) => (each.operation === operation ? { code: 'EIO' } : null))
      writer.append(chunk('a'))
      const outcome = await writer.sync().catch((error: unknown) => error)
      expect(outcome).toBeInstanceOf(SegmentError)
      expect(outcome).toMatchObject({ kind: 'abandoned', cause: { code: 'EIO' } })
      fs.intercept(null)
      await expect(writer.sync()).rejects.toBe(outcome)
      expect(() => writer.append(chunk('b'))).toThrow(SegmentError)
      expect(writer.isOpen).toBe(false)
      expect(writer.durableSize).toBe(0)
      await segments[Symbol.asyncDispose]()
      expect(await fs.list('/data/hot')).toEqual([])
    },
  )

  it('keeps what was durable when a later write or sync fails', async () => {
    for (const operation of ['write', 'sync']) {
      const fs = new MemoryFileSystem()
      const segments = await openSegments(fs)
      const writer = segments.createWriter({ kind: 'data' })
      const kept = writer.append(chunk('kept'))
      await writer.sync()
      writer.append(chunk('lost'))
      fs.intercept((each) =>
        each.operation === operation ? { code: 'ENOSPC', landedSize: 20 } : null,
      )
      const waits = await Promise.allSettled([writer.write(), writer.sync(), writer.sync()])
      expect(waits.slice(1).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
      fs.intercept(null)
      expect((await segments.read(kept)).payload.toString()).toBe('kept')
      expect(writer.durableSize).toBe(184)
      await segments[Symbol.asyncDispose]()
      const next = await openSegments(fs, { seed: 2 })
      expect(next.list('data')[0]?.state).toBe('unsealed')
      const [first] = outline(await collect(next.scan(writer.id, { payloads: true })))
      expect(first).toBe('kept')
    }
  })

  it('lets a sync succeed that was under way when a write failed', async () => {
    const fs = new MemoryFileSystem()
    const segments = await openSegments(fs)
    const writer = segments.createWriter({ kind: 'data' })
    writer.append(chunk('first'))
    await writer.sync()
    const place = writer.append(chunk('kept'))
    await writer.write()
    let isSyncing: () => void = () => {}
    const syncing = new Promise<void>((resolve) => {
      isSyncing = resolve
    })
    fs.intercept(async ({ operation }) => {
      if (operation === 'write') return { code: 'EIO' }
      isSyncing()
      await delay(5)
      return null
    })
    const sync = writer.sync()
    await syncing
    writer.append(chunk('lost'))
    await expect(writer.write()).rejects.toMatchObject({ kind: 'abandoned' })
    await sync
    fs.intercept(null)
    expect(writer.durableSize).toBe(place.offset + 56)
    expect((await segments.read(place)).payload.toString()).toBe('kept')
  })

  it('takes no more records than its offsets can count', async () => {
    const segments = await openSegments(new MemoryFileSystem())
    const writer = segments.createWriter({ kind: 'data' })
    const payload = Buffer.alloc(2 ** 30)
    for (let count = 0; count < 2; count++) writer.append({ ...chunk(''), payload })
    expect(() => writer.append({ ...chunk(''), payload })).toThrow('segment is full')
    writer.abandon()
  })

  it('is not appended to while it is being sealed', async () => {
    const segments = await openSegments(new MemoryFileSystem())
    const writer = segments.createWriter({ kind: 'data' })
    writer.append(chunk('a'))
    const seal = writer.seal()
    expect(writer.isOpen).toBe(false)
    expect(() => writer.append(chunk('b'))).toThrow('being sealed')
    await expect(writer.seal()).rejects.toThrow('sealed once')
    await seal
    await writer.sync()
    writer.abandon()
    expect(segments.list('data')[0]?.state).toBe('sealed')
  })
})
