import { describe, expect, it } from 'vitest'
import type { VersionId } from '../../../src/model/version-id.ts'
import { MemoryFileSystem } from '../../../src/platform/memory-fs.ts'
import { flip } from '../../segment/fixture.ts'
import {
  bucket,
  bytesOf,
  copy,
  failure,
  get,
  key,
  keysOf,
  neverAborted,
  noise,
  open,
  put,
  remove,
} from '../store-requests.ts'
import { type CompactionBed, openCompactionBed } from './compaction-bed.ts'

/** Twelve objects over several sealed segments; then all but every fourth are deleted. */
async function mostlyDead(fs = new MemoryFileSystem({ simulate: true })) {
  const bed = await openCompactionBed(fs)
  await bed.store.createBucket(bucket, { region: 'x' })
  for (let index = 0; index < 12; index++) await put(bed.store, name(index), body(index))
  for (let index = 0; index < 12; index++) if (index % 4) await remove(bed.store, name(index))
  return { fs, bed }
}

function removeVersion(store: CompactionBed['store'], id: VersionId | null) {
  const named = { bucket, key: key('versions'), version: id ?? undefined }
  return store.deleteObject({ ...named, conditions: {} })
}

const name = (index: number) => `o${String(index).padStart(2, '0')}`
const body = (index: number) => noise(3000 + index, index)

async function expectLiving(bed: CompactionBed): Promise<void> {
  expect(await keysOf(bed.store)).toEqual(['o00', 'o04', 'o08'])
  for (const index of [0, 4, 8]) {
    expect((await get(bed.store, name(index))).equals(body(index))).toBe(true)
  }
  await bed.audit()
}

async function dataSize(fs: MemoryFileSystem): Promise<number> {
  let size = 0
  for (const file of await fs.list('/data/hot')) size += (await fs.stat(`/data/hot/${file}`))!.size
  return size
}

describe('compaction', () => {
  it('takes older versions for alive until they are removed', async () => {
    const { fs, bed } = await mostlyDead()
    await bed.store.putBucketVersioning(bucket, 'enabled')
    const ids: (VersionId | null)[] = []
    for (let index = 20; index < 24; index++) {
      ids.push((await put(bed.store, 'versions', body(index))).versionId)
    }
    await remove(bed.store, 'versions')
    for (const at of ids.slice(0, 2)) await removeVersion(bed.store, at)
    expect(await bed.compactAll()).toBeGreaterThan(0)
    await bed.close()
    const next = await openCompactionBed(fs)
    await next.compactAll()
    for (const [index, version] of ids.entries()) {
      const reading = get(next.store, 'versions', { version })
      if (index < 2) expect(await failure(reading)).toBe('no-such-version')
      else expect((await reading).equals(body(20 + index))).toBe(true)
    }
    await expectLiving(next)
    await next.close()
  })

  it('gives the space of what was deleted back, and keeps the rest, over restarts', async () => {
    const { fs, bed } = await mostlyDead()
    const before = await dataSize(fs)
    const space = await bed.compaction.space()
    expect(space.dead).toBeGreaterThan(20_000)
    expect(await bed.compactAll()).toBeGreaterThan(0)
    await expectLiving(bed)
    const after = await bed.compaction.space()
    expect(after.reclaiming).toBe(0)
    expect(before - (await dataSize(fs))).toBeGreaterThan((space.dead - after.dead) * 0.85)
    expect(after.dead).toBeLessThan(space.dead / 2)
    await bed.close()
    const next = await openCompactionBed(fs)
    await expectLiving(next)
    // What was still being written is sealed now.
    await next.compactAll()
    expect((await next.compaction.space()).dead).toBe(0)
    await expectLiving(next)
    await next.close()
  })

  it('drops a segment of which nothing lives without writing another', async () => {
    const bed = await openCompactionBed(new MemoryFileSystem())
    await bed.store.createBucket(bucket, { region: 'x' })
    for (let index = 0; index < 12; index++) await put(bed.store, name(index), body(index))
    for (let index = 0; index < 12; index++) await remove(bed.store, name(index))
    await bed.compactAll()
    const compacted = bed.events.filter(({ event }) => event === 'compacted')
    expect(compacted).toMatchObject([{ output: null, writtenSize: 0, readSize: 0 }])
    await bed.audit()
    await bed.close()
  })

  it('counts what dies after it was moved for the segment it was moved to', async () => {
    const { fs, bed } = await mostlyDead()
    await bed.compactAll()
    await copy(bed.store, name(0), 'copy')
    await remove(bed.store, name(0))
    await remove(bed.store, name(4))
    await bed.audit()
    await bed.close()
    const next = await openCompactionBed(fs)
    await next.compactAll()
    await next.audit()
    await remove(next.store, 'copy')
    await remove(next.store, name(8))
    await next.compactAll()
    await next.audit()
    expect(await keysOf(next.store)).toEqual([])
    await next.close()
    const last = await openCompactionBed(fs)
    await last.compactAll()
    expect(await last.compaction.space()).toMatchObject({ dead: 0, reclaiming: 0 })
    await last.close()
  })

  it('lets a reader of an object that is deleted and compacted meanwhile finish', async () => {
    const bed = await openCompactionBed(new MemoryFileSystem())
    await bed.store.createBucket(bucket, { region: 'x' })
    const bytes = noise(30_000)
    await put(bed.store, 'large', bytes)
    for (let index = 0; index < 4; index++) await put(bed.store, name(index), body(index))
    const reader = await open(bed.store, 'large')
    const pieces = reader.body[Symbol.asyncIterator]()
    const first = await pieces.next()
    await remove(bed.store, 'large')
    while (await bed.compaction.step(neverAborted)) await bed.audit()
    expect(await bed.compaction.space()).toMatchObject({ reclaiming: expect.any(Number) })
    expect((await bed.compaction.space()).reclaiming).toBeGreaterThan(20_000)
    const rest = await bytesOf({ [Symbol.asyncIterator]: () => pieces })
    expect(Buffer.concat([first.value!, rest]).equals(bytes)).toBe(true)
    await bed.compaction.removed()
    expect((await bed.compaction.space()).reclaiming).toBe(0)
    await bed.close()
  })

  it('never fails a reader, however often what it reads is moved', async () => {
    const { bed } = await mostlyDead()
    let isDone = false
    let readCount = 0
    const reading = async () => {
      while (!isDone) {
        for (const index of [0, 4, 8]) {
          expect((await get(bed.store, name(index))).equals(body(index))).toBe(true)
          readCount += 1
          // A disk in memory answers within the same turn.
          await new Promise((resolve) => setImmediate(resolve))
        }
      }
    }
    const readers = [reading(), reading(), reading()]
    for (let round = 0; round < 20; round++) {
      for (let index = 20; index < 26; index++) await put(bed.store, name(index), body(index))
      for (let index = 20; index < 26; index++) await remove(bed.store, name(index))
      await bed.compactAll()
    }
    isDone = true
    await Promise.all(readers)
    expect(readCount).toBeGreaterThan(60)
    expect(bed.segments.findings).toEqual([])
    await expectLiving(bed)
    await bed.close()
  })

  it('does not touch a segment that does not verify', async () => {
    const { fs, bed } = await mostlyDead()
    // A byte in the payload of the first record, which lives.
    await flip(fs, '/data/hot/00000002.seg', 128 + 48 + 100)
    const before = await fs.list('/data/hot')
    await bed.compactAll()
    expect(bed.events).toContainEqual({
      event: 'damaged-source',
      segment: 2,
      offset: 128,
      field: 'payload crc',
    })
    expect(before).toContain('00000002.seg')
    expect(await fs.list('/data/hot')).toContain('00000002.seg')
    expect(await failure(get(bed.store, name(0)))).toBe('corruption')
    for (const index of [4, 8]) {
      expect((await get(bed.store, name(index))).equals(body(index))).toBe(true)
    }
    await bed.close()
  })

  it('ends when it is told to, and leaves nothing behind', async () => {
    const { fs, bed } = await mostlyDead()
    // The first step only drops what is dead altogether.
    await bed.compaction.step(neverAborted)
    await bed.compaction.removed()
    const before = await fs.list('/data/hot')
    const stopping = new AbortController()
    fs.intercept(({ operation, path }) => {
      const isOutput = operation === 'write' && path.startsWith('/data/hot')
      if (isOutput) stopping.abort(new Error('stopped'))
      return null
    })
    await expect(bed.compaction.step(stopping.signal)).rejects.toThrow('stopped')
    fs.intercept(null)
    expect(await fs.list('/data/hot')).toEqual(before)
    await bed.compactAll()
    await expectLiving(bed)
    await bed.close()
  })
})
