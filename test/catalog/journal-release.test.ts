import { beforeEach, describe, expect, it } from 'vitest'
import type { Catalog, FeedCommit } from '../../src/catalog/catalog.ts'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { type Bed, bytes, LastingKv, openBed, put, rowsOf } from './catalog-bed.ts'

const options = { segmentSizeMax: 1000, flushRowCount: 8 }
const never = new AbortController().signal
const journal = '/data/journal'
const snapshots = '/data/snapshots'

async function commitMany(catalog: Catalog, count: number, from = 0): Promise<void> {
  for (let step = from; step < from + count; step++) {
    await catalog.commit({ puts: [put(`k${step % 7}`, `value ${step} `.repeat(8))] })
  }
}

/** What a store does with what is released, but for the blobs that it would move. */
async function trim(bed: Bed): Promise<number> {
  const released = await bed.catalog.release.releasable()
  if (released.length === 0) return 0
  await bed.catalog.commit({ puts: [bed.catalog.release.startPut(released)] })
  for (const { id } of released) await bed.segments.removeSegment(id)
  return released.length
}

async function snapshotNow(bed: Bed): Promise<void> {
  await bed.catalog.flush()
  await bed.catalog.snapshot()
}

async function damage(fs: MemoryFileSystem, path: string): Promise<void> {
  const handle = await fs.open(path, 'update')
  const size = await handle.size()
  const byte = Buffer.alloc(1)
  await handle.read(byte, Math.floor(size / 2))
  await handle.write([Buffer.from([byte[0]! ^ 4])], Math.floor(size / 2))
  await handle.close()
}

async function feedOf(catalog: Catalog, since: number, count: number): Promise<FeedCommit[]> {
  const found: FeedCommit[] = []
  for await (const commit of catalog.feed(since, never)) {
    if (found.push(commit) === count) break
  }
  return found
}

describe('what of a journal can be given up', () => {
  let fs: MemoryFileSystem
  let bed: Bed

  beforeEach(async () => {
    fs = new MemoryFileSystem({ simulate: true })
    bed = await openBed(fs, { options })
    await commitMany(bed.catalog, 30)
  })

  it('is nothing before there are two snapshots of it', async () => {
    expect(await bed.catalog.release.releasable()).toEqual([])
    await snapshotNow(bed)
    expect(await bed.catalog.release.releasable()).toEqual([])
    await commitMany(bed.catalog, 1, 30)
    await snapshotNow(bed)
    expect((await bed.catalog.release.releasable()).length).toBeGreaterThan(3)
    await bed[Symbol.asyncDispose]()
  })

  it('is what the older of the two holds, and not what is behind it', async () => {
    await snapshotNow(bed)
    const older = bed.catalog.sequence
    await commitMany(bed.catalog, 30, 30)
    await snapshotNow(bed)
    const released = await bed.catalog.release.releasable()
    expect(released.length).toBeGreaterThan(2)
    for (const { end } of released) expect(end!.sequence - 1).toBeLessThanOrEqual(older)
    await bed[Symbol.asyncDispose]()
  })

  it.each([0, 1])('is nothing when snapshot %s of the two does not verify', async (index) => {
    await snapshotNow(bed)
    await commitMany(bed.catalog, 1, 30)
    await snapshotNow(bed)
    const names = await fs.list(snapshots)
    await damage(fs, `${snapshots}/${names[index]}`)
    expect(await bed.catalog.release.releasable()).toEqual([])
    await bed[Symbol.asyncDispose]()
  })

  it('is nothing while feeds may still ask for it', async () => {
    await bed[Symbol.asyncDispose]()
    const kept = await openBed(fs, { options: { ...options, retentionMs: 1_000_000 } })
    await kept.catalog.release.checkpoint(never)
    expect(await kept.catalog.release.releasable()).toEqual([])
    await kept[Symbol.asyncDispose]()
  })

  it('is all that was there before a checkpoint', async () => {
    await bed.catalog.release.checkpoint(never)
    const before = bed.segments.list('journal').map(({ id }) => id)
    const released = (await bed.catalog.release.releasable()).map(({ id }) => id)
    expect(released).toEqual(before.slice(0, -1))
    const { segments, commitSize } = await bed.catalog.release.backlog()
    expect(segments).toEqual(before.slice(-1))
    expect(commitSize).toBeLessThan(200)
    await bed[Symbol.asyncDispose]()
  })

  it('keeps an older snapshot until two newer ones verify', async () => {
    await snapshotNow(bed)
    await commitMany(bed.catalog, 1, 30)
    await snapshotNow(bed)
    const [first, second] = await fs.list(snapshots)
    await damage(fs, `${snapshots}/${second}`)
    await commitMany(bed.catalog, 1, 31)
    await snapshotNow(bed)
    expect(await fs.list(snapshots)).toContain(first)
    await commitMany(bed.catalog, 1, 32)
    await snapshotNow(bed)
    expect(await fs.list(snapshots)).not.toContain(first)
    expect(await fs.list(snapshots)).toHaveLength(2)
    await bed[Symbol.asyncDispose]()
  })
})

describe('a catalog whose journal was given up in part', () => {
  /** Rows that must come back, and a disk that holds them. */
  async function trimmed() {
    const fs = new MemoryFileSystem({ simulate: true })
    const kv = new LastingKv()
    const bed = await openBed(fs, { kv: kv.open(), options })
    await commitMany(bed.catalog, 40)
    await snapshotNow(bed)
    await commitMany(bed.catalog, 12, 40)
    await snapshotNow(bed)
    await commitMany(bed.catalog, 9, 52)
    expect(await trim(bed)).toBeGreaterThan(3)
    await commitMany(bed.catalog, 3, 61)
    const rows = rowsOf(bed.catalog)
    const { start } = bed.catalog.release
    await bed[Symbol.asyncDispose]()
    return { fs, kv, rows, start }
  }

  it('comes back with its index, and without it, and finds nothing missing', async () => {
    const { fs, kv, rows, start } = await trimmed()
    expect(start).toBeGreaterThan(20)
    for (const index of [kv.open(), undefined]) {
      const bed = await openBed(fs, { options, ...(index === undefined ? {} : { kv: index }) })
      expect(rowsOf(bed.catalog)).toEqual(rows)
      expect(bed.events.filter(({ event }) => event === 'finding')).toEqual([])
      expect(bed.catalog.release.start).toBe(start)
      await bed[Symbol.asyncDispose]()
    }
  })

  it('comes back from either snapshot', async () => {
    const { fs, rows } = await trimmed()
    const names = await fs.list(snapshots)
    expect(names).toHaveLength(2)
    for (const name of names) {
      for (const how of ['damaged', 'missing']) {
        const image = fs.crash({ model: 'keep-all' })
        const path = `${snapshots}/${name}`
        await (how === 'missing' ? image.remove(path) : damage(image, path))
        const bed = await openBed(image, { options })
        expect(rowsOf(bed.catalog), `${name} is ${how}`).toEqual(rows)
        expect(bed.events.filter(({ event }) => event === 'finding')).toEqual([])
        await bed[Symbol.asyncDispose]()
      }
    }
  })

  it.each(['damaged', 'missing'])('is not taken for empty when both are %s', async (how) => {
    const { fs, kv, rows } = await trimmed()
    for (const name of await fs.list(snapshots)) {
      const path = `${snapshots}/${name}`
      await (how === 'missing' ? fs.remove(path) : damage(fs, path))
    }
    const before = await fs.list(journal)
    const refusal = { kind: 'corruption', message: expect.stringContaining('no snapshot') }
    await expect(openBed(fs, { options })).rejects.toMatchObject(refusal)
    expect(await fs.list(journal)).toEqual(before)
    // The index has it all, and a new snapshot is made of it.
    const bed = await openBed(fs, { kv: kv.open(), options })
    expect(rowsOf(bed.catalog)).toEqual(rows)
    await bed.catalog.commit({ puts: [put('more', '1')] })
    await snapshotNow(bed)
    await bed[Symbol.asyncDispose]()
    const again = await openBed(fs, { options })
    expect(rowsOf(again.catalog)).toEqual([...rows, 'more=1'].sort())
    await again[Symbol.asyncDispose]()
  })

  it('is not taken for empty when journal and snapshots are gone', async () => {
    const { fs, kv } = await trimmed()
    for (const folder of [journal, snapshots]) {
      for (const name of await fs.list(folder)) await fs.remove(`${folder}/${name}`)
    }
    const opened = openBed(fs, { kv: kv.open(), options })
    await expect(opened).rejects.toMatchObject({ kind: 'corruption' })
  })

  it('refuses a snapshot older than what was given up', async () => {
    const fs = new MemoryFileSystem({ simulate: true })
    const bed = await openBed(fs, { options })
    await commitMany(bed.catalog, 10)
    await snapshotNow(bed)
    const ancient = fs.crash({ model: 'keep-all' })
    const [oldest] = await fs.list(snapshots)
    await commitMany(bed.catalog, 40, 10)
    await bed.catalog.release.checkpoint(never)
    expect(await trim(bed)).toBeGreaterThan(3)
    await bed[Symbol.asyncDispose]()
    for (const name of await fs.list(snapshots)) await fs.remove(`${snapshots}/${name}`)
    const from = await ancient.open(`${snapshots}/${oldest}`, 'read')
    const content = Buffer.alloc(await from.size())
    await from.read(content, 0)
    await from.close()
    const into = await fs.open(`${snapshots}/${oldest}`, 'create')
    await into.write([content], 0)
    await into.close()
    await expect(openBed(fs, { options })).rejects.toMatchObject({ kind: 'corruption' })
  })

  it('tells what is missing from what was given up', async () => {
    const { fs, rows } = await trimmed()
    const files = await fs.list(journal)
    await fs.remove(`${journal}/${files.at(-2)}`)
    const bed = await openBed(fs, { options })
    expect(bed.events).toContainEqual(
      expect.objectContaining({ event: 'finding', finding: expect.anything() }),
    )
    expect(rowsOf(bed.catalog)).not.toEqual(rows)
    await bed[Symbol.asyncDispose]()
  })

  it('opens for a repair in spite of what is missing', async () => {
    const { fs } = await trimmed()
    for (const name of await fs.list(snapshots)) await fs.remove(`${snapshots}/${name}`)
    const bed = await openBed(fs, { options, acceptsLoss: true })
    expect(rowsOf(bed.catalog).length).toBeGreaterThan(1)
    await bed[Symbol.asyncDispose]()
  })

  it('tells a feed what it can no longer have, and feeds it the rest', async () => {
    const { fs, start } = await trimmed()
    const bed = await openBed(fs, { options })
    const expired = { kind: 'trimmed', message: expect.stringContaining(String(start)) }
    await expect(feedOf(bed.catalog, 0, 1)).rejects.toMatchObject(expired)
    await expect(feedOf(bed.catalog, start - 2, 1)).rejects.toMatchObject(expired)
    const [first] = await feedOf(bed.catalog, start - 1, 1)
    expect(first!.sequence).toBe(start)
    await bed[Symbol.asyncDispose]()
  })

  it('tells a feed that was overtaken', async () => {
    const fs = new MemoryFileSystem({ simulate: true })
    const bed = await openBed(fs, { options })
    await commitMany(bed.catalog, 40)
    const feed = bed.catalog.feed(0, never)[Symbol.asyncIterator]()
    expect((await feed.next()).value!.sequence).toBe(1)
    await bed.catalog.release.checkpoint(never)
    await trim(bed)
    const rest = async () => {
      for (let step = await feed.next(); step.done !== true; step = await feed.next()) {}
    }
    await expect(rest()).rejects.toMatchObject({ kind: 'trimmed' })
    await bed[Symbol.asyncDispose]()
  })

  it('survives a power loss at every step of a checkpoint and what follows', async () => {
    const fs = new MemoryFileSystem({ simulate: true })
    const kv = new LastingKv()
    const bed = await openBed(fs, { kv: kv.open(), options })
    await commitMany(bed.catalog, 40)
    const images: [string, MemoryFileSystem, () => Promise<LastingKv>][] = []
    fs.intercept(({ index, operation, path }) => {
      for (const model of ['lose-all', 'torn', 'keep-all', 'kill'] as const) {
        const at = `${model} at ${index} ${operation} ${path}`
        images.push([at, fs.crash({ model, seed: index }), kv.fork()])
      }
      return null
    })
    const rows = rowsOf(bed.catalog)
    await bed.catalog.release.checkpoint(never)
    expect(await trim(bed)).toBeGreaterThan(3)
    fs.intercept(null)
    await bed[Symbol.asyncDispose]()
    expect(images.length).toBeGreaterThan(80)
    for (const [at, image, fork] of images) {
      const lasting = await fork()
      for (const index of [lasting.open(), undefined]) {
        const disk = image.crash({ model: 'keep-all' })
        const next = await openBed(disk, { options, ...(index ? { kv: index } : {}) })
        const found = rowsOf(next.catalog).filter((row) => !row.startsWith('\0'))
        expect(found, at).toEqual(rows)
        expect(
          next.events.filter(({ event }) => event === 'finding'),
          at,
        ).toEqual([])
        await next.catalog.commit({ puts: [put('after', '1')] })
        expect(next.catalog.get(bytes('after'))).toEqual(bytes('1'))
        await next[Symbol.asyncDispose]()
      }
    }
  }, 60_000)
})
