import { beforeAll, describe, expect, it } from 'vitest'
import type { KvPosition } from '../../src/catalog/kv/ordered-kv.ts'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { SeededRandom } from '../../src/platform/seeded-random.ts'
import { type Bed, bytes, chunk, LastingKv, openBed, put, rowsOf } from './catalog-bed.ts'
import { History } from './history.ts'

const options = { segmentSizeMax: 1200, flushRowCount: 8 }
const folder = '/data/journal'

async function bytesOf(fs: MemoryFileSystem, path: string): Promise<Buffer> {
  const handle = await fs.open(path, 'read')
  const content = Buffer.alloc(await handle.size())
  await handle.read(content, 0)
  await handle.close()
  return content
}

async function overwrite(fs: MemoryFileSystem, path: string, at: number, piece: Uint8Array) {
  const handle = await fs.open(path, 'update')
  await handle.write([piece], at)
  await handle.close()
}

async function flipped(fs: MemoryFileSystem, path: string, at: number): Promise<MemoryFileSystem> {
  const damaged = fs.crash({ model: 'keep-all' })
  const byte = (await bytesOf(fs, path))[at]!
  await overwrite(damaged, path, at, Buffer.from([byte ^ (1 << (at % 8))]))
  return damaged
}

function findingsOf(bed: Bed): number {
  const events = bed.events.filter(({ event }) => event === 'finding')
  return events.length + bed.segments.findings.length
}

function rebuilds(bed: Bed): string[] {
  return bed.events.flatMap((event) => (event.event === 'rebuildStarted' ? [event.reason] : []))
}

describe('a catalog that finds its journal damaged', () => {
  const fs = new MemoryFileSystem({ simulate: true })
  const kv = new LastingKv()
  /** Every value a key ever had: nothing else may be served. */
  const valuesOf = new Map<string, Set<string>>()
  let rows: string[] = []
  let files: readonly string[] = []
  /** Where the last group begins, in the last file: it may pass for torn. */
  let lastGroupStart = 0

  beforeAll(async () => {
    const bed = await openBed(fs, { kv: kv.open(), options })
    for (let step = 0; step < 12; step++) {
      const key = `k${step % 5}`
      const value = `value ${step}`
      valuesOf.set(key, (valuesOf.get(key) ?? new Set()).add(value))
      lastGroupStart = bed.segments.list('journal').at(-1)?.dataSize ?? 0
      await bed.catalog.commit({
        attachments: [chunk(`attachment ${step} `.repeat(8))],
        puts: [put(key, value)],
      })
    }
    rows = rowsOf(bed.catalog)
    await bed.catalog.flush()
    await bed.kill()
    files = await fs.list(folder)
  })

  it('has segments sealed and one that is not', () => {
    expect(files.length).toBeGreaterThan(2)
  })

  it('serves nothing wrong and loses nothing silently, whatever byte is flipped', async () => {
    for (const file of files) {
      const path = `${folder}/${file}`
      const size = (await bytesOf(fs, path)).length
      for (let at = 0; at < size; at += 3) {
        const damaged = await flipped(fs, path, at)
        const bed = await openBed(damaged, { options })
        const found = rowsOf(bed.catalog)
        for (const row of found) {
          const [key, value] = row.split('=') as [string, string]
          expect(valuesOf.get(key), `${path} at ${at}`).toContain(value)
        }
        const mayBeTorn = file === files.at(-1) && at >= lastGroupStart
        if (found.join() !== rows.join() && !mayBeTorn) {
          expect(findingsOf(bed), `${path} at ${at} is lost silently`).toBeGreaterThan(0)
        }
        // What is lost is lost: its sequence is not given out again.
        if (!mayBeTorn) expect(bed.catalog.sequence, `${path} at ${at}`).toBe(12)
        const result = await bed.catalog.commit({ puts: [put('after', '1')] })
        await bed[Symbol.asyncDispose]()
        const again = await openBed(damaged, { options })
        expect(again.catalog.get(bytes('after'))).toEqual(bytes('1'))
        expect(result).toMatchObject({ sequence: again.catalog.sequence })
        await again[Symbol.asyncDispose]()
      }
    }
  }, 120_000)

  it('does not need what the index holds already', async () => {
    for (const file of files) {
      const path = `${folder}/${file}`
      const size = (await bytesOf(fs, path)).length
      for (let at = 0; at < size; at += 7) {
        const damaged = await flipped(fs, path, at)
        const lasting = await kv.fork()()
        const bed = await openBed(damaged, { kv: lasting.open(), options })
        expect(rowsOf(bed.catalog), `${path} at ${at}`).toEqual(rows)
        expect(rebuilds(bed), `${path} at ${at}`).toEqual([])
        expect(await bed.catalog.commit({ puts: [put('z', '1')] })).toMatchObject({ sequence: 13 })
        await bed[Symbol.asyncDispose]()
      }
    }
  }, 120_000)

  it('reports a journal segment that is gone, and goes on behind it', async () => {
    const damaged = fs.crash({ model: 'keep-all' })
    await damaged.remove(`${folder}/${files[1]}`)
    const bed = await openBed(damaged, { options })
    const findings = bed.events.filter(({ event }) => event === 'finding')
    expect(findings).toEqual([
      expect.objectContaining({ finding: expect.objectContaining({ field: 'commits' }) }),
    ])
    expect(bed.catalog.sequence).toBe(12)
    expect(rowsOf(bed.catalog).at(-1)).toBe(rows.at(-1))
    await bed[Symbol.asyncDispose]()
  })

  it('tells a feed that there is a gap, and never skips it', async () => {
    const path = `${folder}/${files[0]}`
    // In the payload of the first commit record: behind header, attachment and record header.
    const content = await bytesOf(fs, path)
    const at = content.indexOf('value 0')
    const bed = await openBed(await flipped(fs, path, at), { options })
    const read = async () => {
      for await (const _ of bed.catalog.feed(0, new AbortController().signal)) break
    }
    await expect(read()).rejects.toMatchObject({ kind: 'corruption' })
    await bed[Symbol.asyncDispose]()
  })
})

describe('the last group of a journal', () => {
  /** Two commits; of a third one only the attachment has reached the disk, or not even that. */
  async function cutShort(landedSize: number): Promise<MemoryFileSystem> {
    const fs = new MemoryFileSystem({ simulate: true })
    const bed = await openBed(fs)
    await bed.catalog.commit({ puts: [put('a', '1')] })
    await bed.catalog.commit({ attachments: [chunk('second body')], puts: [put('b', '1')] })
    fs.intercept(({ operation }) => (operation === 'write' ? { code: 'EIO', landedSize } : null))
    const failed = bed.catalog.commit({ attachments: [chunk('third body')], puts: [put('c', '1')] })
    await expect(failed).rejects.toMatchObject({ kind: 'unavailable' })
    const image = fs.crash({ model: 'kill' })
    await bed.kill()
    return image
  }

  async function damagedBody(fs: MemoryFileSystem): Promise<MemoryFileSystem> {
    const path = `${folder}/00000001.seg`
    return flipped(fs, path, (await bytesOf(fs, path)).indexOf('second body'))
  }

  it('is given up when an attachment does not verify and nothing follows', async () => {
    const bed = await openBed(await damagedBody(await cutShort(0)))
    expect(rowsOf(bed.catalog)).toEqual(['a=1'])
    await bed[Symbol.asyncDispose]()
  })

  it('is kept and reported when a later record knew it to be durable', async () => {
    const bed = await openBed(await damagedBody(await cutShort(64)))
    expect(rowsOf(bed.catalog)).toEqual(['a=1', 'b=1'])
    expect(bed.events.filter(({ event }) => event === 'finding')).toHaveLength(1)
    await bed[Symbol.asyncDispose]()
  })

  it('reports a commit record that was durable once', async () => {
    const fs = await cutShort(64)
    const path = `${folder}/00000001.seg`
    const content = await bytesOf(fs, path)
    const damaged = await flipped(fs, path, content.lastIndexOf('b1'))
    const bed = await openBed(damaged)
    expect(rowsOf(bed.catalog)).toEqual(['a=1'])
    expect(bed.events.filter(({ event }) => event === 'finding')).toHaveLength(1)
    await bed[Symbol.asyncDispose]()
  })
})

describe('a catalog with snapshots', () => {
  it('needs neither index nor snapshot to come back, nor a whole one', async () => {
    const fs = new MemoryFileSystem({ simulate: true })
    const history = new History(new SeededRandom(3))
    const first = await openBed(fs, { options })
    for (let round = 0; round < 4; round++) {
      for (let count = 0; count < 6; count++) await history.submit(first.catalog)
      await first.catalog.flush()
      await first.catalog.snapshot()
    }
    await history.submit(first.catalog)
    await first[Symbol.asyncDispose]()
    const names = await fs.list('/data/snapshots')
    expect(names).toEqual(['0000000000000012.snap', '0000000000000018.snap'])

    for (const [index, name] of names.entries()) {
      const replayCounts: number[] = []
      const path = `/data/snapshots/${name}`
      const size = (await bytesOf(fs, path)).length
      for (let at = 0; at < size; at += 5) {
        const bed = await openBed(await flipped(fs, path, at), { options })
        await history.assertHolds(bed.catalog, bed.segments)
        expect(bed.catalog.sequence).toBe(25)
        for (const event of bed.events) {
          if (event.event === 'recovered') replayCounts.push(event.replayedCommitCount)
        }
        await bed[Symbol.asyncDispose]()
      }
      // One commit is behind the newest, seven are behind the other; the padding between records
      // may be anything.
      expect(new Set(replayCounts)).toEqual(new Set(index === 1 ? [1, 7] : [1]))
      if (index === 1) expect(replayCounts.filter((count) => count === 1).length).toBeLessThan(4)
    }

    for (const name of names) await fs.remove(`/data/snapshots/${name}`)
    const bed = await openBed(fs, { options })
    await history.assertHolds(bed.catalog, bed.segments)
    expect(bed.events.find(({ event }) => event === 'recovered')).toMatchObject({
      replayedCommitCount: 25,
    })
    await bed[Symbol.asyncDispose]()
  }, 60_000)

  it('writes none of what it has, and none while nothing is flushed', async () => {
    const fs = new MemoryFileSystem()
    const bed = await openBed(fs)
    await bed.catalog.commit({ puts: [put('a', '1')] })
    await bed.catalog.snapshot()
    expect(bed.segments.list('snapshot')).toEqual([])
    await bed.catalog.flush()
    await Promise.all([bed.catalog.snapshot(), bed.catalog.snapshot()])
    await bed.catalog.snapshot()
    expect(bed.events.filter(({ event }) => event === 'snapshotWritten')).toHaveLength(1)
    await bed[Symbol.asyncDispose]()
    const again = await openBed(fs)
    await again.catalog.flush()
    await again.catalog.snapshot()
    expect(again.events.filter(({ event }) => event === 'snapshotWritten')).toHaveLength(0)
    await again[Symbol.asyncDispose]()
  })
})

describe('a catalog whose index is not its own', () => {
  async function prepared() {
    const fs = new MemoryFileSystem({ simulate: true })
    const kv = new LastingKv()
    const bed = await openBed(fs, { kv: kv.open() })
    await bed.catalog.commit({ puts: [put('a', '1')], adds: [{ key: bytes('n'), delta: 1 }] })
    const early = fs.crash({ model: 'lose-all' })
    const earlyKv = kv.fork()
    await bed.catalog.commit({ puts: [put('a', '2')], adds: [{ key: bytes('n'), delta: 1 }] })
    await bed[Symbol.asyncDispose]()
    return { fs, kv, early, earlyKv }
  }

  it('rebuilds an index that is ahead of the journal', async () => {
    const { kv, early } = await prepared()
    const bed = await openBed(early, { kv: kv.open() })
    expect(rebuilds(bed)).toEqual(['the index is ahead of the journal'])
    expect(bed.catalog.sequence).toBe(1)
    expect(bed.catalog.get(bytes('a'))).toEqual(bytes('1'))
    await bed[Symbol.asyncDispose]()
    const again = await openBed(early, { kv: kv.open() })
    expect(rebuilds(again)).toEqual([])
    expect(again.catalog.get(bytes('n'))?.readUInt8(0)).toBe(1)
    await again[Symbol.asyncDispose]()
  })

  it('rebuilds the index of another journal', async () => {
    const { fs, kv } = await prepared()
    const { position } = kv
    const other: KvPosition = { ...position!, chain: Buffer.alloc(32, 7) }
    await kv.current.apply([put('stray', '1')], other)
    const bed = await openBed(fs, { kv: kv.open() })
    expect(rebuilds(bed)).toEqual(['the index is of another journal'])
    expect(bed.catalog.get(bytes('stray'))).toBeNull()
    await bed[Symbol.asyncDispose]()
  })

  it('rebuilds an index whose segment is not there', async () => {
    const { fs, kv } = await prepared()
    await kv.current.apply([put('stray', '1')], { ...kv.position!, segment: 77 })
    const bed = await openBed(fs, { kv: kv.open() })
    expect(rebuilds(bed)).toEqual(['the journal segment of the index is not there'])
    expect(bed.catalog.get(bytes('stray'))).toBeNull()
    await bed[Symbol.asyncDispose]()
  })

  it('counts exactly, wherever the index stands', async () => {
    const { fs, earlyKv } = await prepared()
    const bed = await openBed(fs, { kv: (await earlyKv()).open() })
    expect(bed.catalog.get(bytes('n'))?.readUInt8(0)).toBe(2)
    await bed[Symbol.asyncDispose]()
  })

  it('replays nothing after a close in order', async () => {
    const { fs, kv } = await prepared()
    const bed = await openBed(fs, { kv: kv.open() })
    expect(rebuilds(bed)).toEqual([])
    expect(bed.events.at(-1)).toMatchObject({ event: 'recovered', replayedCommitCount: 0 })
    expect(bed.segments.list('journal').map(({ state }) => state)).toEqual(['sealed'])
    await bed[Symbol.asyncDispose]()
    // Nor does a process that wrote nothing leave anything behind.
    expect(await fs.list(folder)).toHaveLength(1)
  })

  it('rebuilds an index whose place in the journal holds no commit', async () => {
    const fs = new MemoryFileSystem({ simulate: true })
    const kv = new LastingKv()
    const first = await openBed(fs, { kv: kv.open() })
    await first.catalog.commit({ attachments: [chunk('a body')], puts: [put('a', '1')] })
    await first[Symbol.asyncDispose]()
    await kv.current.apply([put('b', '1')], { ...kv.position!, recordOffset: 128 })
    const bed = await openBed(fs, { kv: kv.open() })
    expect(rebuilds(bed)).toEqual(['the index is of another journal'])
    expect(rowsOf(bed.catalog)).toEqual(['a=1'])
    await bed[Symbol.asyncDispose]()
  })

  it('never gives a segment id out twice', async () => {
    const { fs } = await prepared()
    const bed = await openBed(fs)
    const unused = bed.segments.createWriter({ kind: 'data' })
    await bed.catalog.commit({ puts: [put('b', '1')] })
    expect(bed.segments.nextId).toBeGreaterThan(unused.id)
    const { nextId } = bed.segments
    await bed[Symbol.asyncDispose]()
    const again = await openBed(fs)
    expect(again.segments.nextId).toBeGreaterThanOrEqual(nextId)
    await again[Symbol.asyncDispose]()
  })

  it('never does so when there is nothing to replay either', async () => {
    const { fs, kv } = await prepared()
    const bed = await openBed(fs, { kv: kv.open() })
    await bed.catalog.commit({ puts: [put('b', '1')] })
    // Segments with the ids before it are removed again, and leave nothing but this number.
    bed.segments.reserveIds(1000)
    await bed.catalog.commit({ puts: [put('c', '1')] })
    await bed[Symbol.asyncDispose]()
    const again = await openBed(fs, { kv: kv.open() })
    expect(rebuilds(again)).toEqual([])
    expect(again.segments.nextId).toBeGreaterThanOrEqual(1000)
    await again[Symbol.asyncDispose]()
  })
})
