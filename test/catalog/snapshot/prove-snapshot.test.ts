import { describe, expect, it } from 'vitest'
import type { Entry } from '../../../src/catalog/catalog.ts'
import { MemoryKv } from '../../../src/catalog/kv/memory-kv.ts'
import { everyKey } from '../../../src/catalog/kv/ordered-kv.ts'
import { journalStart } from '../../../src/catalog/recovery.ts'
import { proveEntries } from '../../../src/catalog/snapshot/prove-snapshot.ts'
import { MemoryFileSystem } from '../../../src/platform/memory-fs.ts'
import { SeededRandom } from '../../../src/platform/seeded-random.ts'
import { flip, readWhole } from '../../segment/fixture.ts'
import {
  type Bed,
  bytes,
  chunk,
  counterRow,
  LastingKv,
  openBed,
  put,
  rowsOf,
  until,
} from '../catalog-bed.ts'
import { History } from '../history.ts'

const options = { segmentSizeMax: 1200, flushRowCount: 8 }
const snapshots = '/data/snapshots'
const fromNothing = { snapshot: null, position: journalStart }

async function snapshotNow(bed: Bed): Promise<void> {
  await bed.catalog.flush()
  await bed.catalog.snapshot()
}

const refused = (bed: Bed) => bed.events.filter(({ event }) => event === 'snapshotFailed').length

/** What an index shows that has lost a page, every checksum in order. */
type Lapse = (kv: MemoryKv) => Promise<void>

const lapses: Record<string, Lapse> = {
  'a row as it once was': (kv) => kv.apply([put('a', 'one')], null),
  'a row that was deleted': (kv) => kv.apply([put('gone', 'one')], null),
  'a row less': (kv) => kv.apply([{ key: bytes('b'), value: null }], null),
  'another row less': (kv) => kv.apply([{ key: bytes('kept'), value: null }], null),
  'a row too many': (kv) => kv.apply([put('zz', '1')], null),
  'a counter as it once was': (kv) => kv.apply([{ key: bytes('n'), value: counterRow(4) }], null),
  'no counter': (kv) => kv.apply([{ key: bytes('n'), value: null }], null),
}

/** In the file of the journal that holds it. */
async function flipFirst(fs: MemoryFileSystem, text: string): Promise<void> {
  for (const name of await fs.list('/data/journal')) {
    const path = `/data/journal/${name}`
    const at = (await readWhole(fs, path)).indexOf(text)
    if (at >= 0) return flip(fs, path, at)
  }
  throw new Error(`no journal file holds ${text}`)
}

describe('a snapshot of an index', () => {
  it.each(Object.keys(lapses))(
    'that shows %s is not taken; the index is made anew',
    async (what) => {
      for (const isFirst of [true, false]) {
        const fs = new MemoryFileSystem()
        const kv = new MemoryKv()
        const bed = await openBed(fs, { kv, options })
        const { catalog } = bed
        await catalog.commit({ puts: [put('a', 'one'), put('gone', 'one'), put('kept', '1')] })
        await catalog.commit({ adds: [{ key: bytes('n'), delta: 4 }] })
        if (!isFirst) await snapshotNow(bed)
        await catalog.commit({ puts: [put('a', 'two'), put('b', '1')], deletes: [bytes('gone')] })
        await catalog.commit({ adds: [{ key: bytes('n'), delta: 3 }] })
        await catalog.flush()
        const rows = rowsOf(catalog)
        await lapses[what]!(kv)
        expect(rowsOf(catalog)).not.toEqual(rows)
        await expect(catalog.snapshot()).rejects.toMatchObject({ kind: 'corruption' })
        expect(await fs.list(snapshots)).toHaveLength(isFirst ? 0 : 1)
        await until(() => bed.events.some(({ event }) => event === 'rebuilt'))
        expect(rowsOf(catalog)).toEqual(rows)
        await catalog.commit({ puts: [put('after', '1')] })
        await snapshotNow(bed)
        expect(refused(bed)).toBe(1)
        await bed[Symbol.asyncDispose]()
        const again = await openBed(fs, { options })
        expect(rowsOf(again.catalog)).toEqual(['a=two', 'after=1', ...rows.slice(1)])
        await again[Symbol.asyncDispose]()
      }
    },
  )

  it('is held against the journal also where what rides in that has decayed', async () => {
    for (const isFirst of [true, false]) {
      const fs = new MemoryFileSystem()
      const kv = new MemoryKv()
      const bed = await openBed(fs, { kv, options })
      const { catalog } = bed
      await catalog.commit({ puts: [put('a', 'one')] })
      if (!isFirst) await snapshotNow(bed)
      await catalog.commit({ attachments: [chunk('decaying')], puts: [put('a', 'two')] })
      await catalog.flush()
      await flipFirst(fs, 'decaying')
      await kv.apply([put('a', 'one')], null)
      await expect(catalog.snapshot()).rejects.toMatchObject({ kind: 'corruption' })
      await bed[Symbol.asyncDispose]()
    }
  })

  it('that is sound is taken, whatever was committed', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const fs = new MemoryFileSystem()
      const kv = new LastingKv()
      const history = new History(new SeededRandom(seed))
      let bed = await openBed(fs, { kv: kv.open(), options })
      for (let round = 0; round < 6; round++) {
        for (let step = 0; step < 7; step++) await history.submit(bed.catalog)
        await snapshotNow(bed)
        expect(refused(bed)).toBe(0)
        if (round % 2 === 0) continue
        await bed[Symbol.asyncDispose]()
        bed = await openBed(fs, { kv: kv.open(), options, seed: round })
      }
      await history.assertHolds(bed.catalog, bed.segments)
      await bed[Symbol.asyncDispose]()
      expect(await fs.list(snapshots)).toHaveLength(2)
    }
  })

  it('is proven a part of the keys at a time when much has changed', async () => {
    const bed = await openBed(new MemoryFileSystem(), { options })
    const history = new History(new SeededRandom(7))
    for (let step = 0; step < 60; step++) await history.submit(bed.catalog)
    await bed.catalog.flush()
    const view = await bed.catalog.view()
    const rows = [...view.range(everyKey)]
    expect(rows.length).toBeGreaterThan(5)
    const proofOf = (entries: readonly Entry[]) => {
      const { signal } = new AbortController()
      const parts = { segments: bed.segments, codec: null, signal, passSize: 500 }
      const pages = async function* () {
        yield entries
      }
      return proveEntries(parts, fromNothing, { position: view.position!, pages })
    }
    expect(view.position!.commitSize).toBeGreaterThan(3000)
    expect(await proofOf(rows)).toBe('proven')
    for (const missing of rows) {
      expect(await proofOf(rows.filter((row) => row !== missing))).toBe('wrong')
    }
    for (const changed of rows) {
      const other = { ...changed, value: Buffer.from('another value') }
      expect(await proofOf(rows.map((row) => (row === changed ? other : row)))).toBe('wrong')
    }
    view.release()
    await bed[Symbol.asyncDispose]()
  })

  it('is taken unproven where the journal cannot tell', async () => {
    const fs = new MemoryFileSystem()
    const kv = new LastingKv()
    const bed = await openBed(fs, { kv: kv.open(), options })
    for (let step = 0; step < 30; step++) await bed.catalog.commit({ puts: [put(`k${step}`, 'v')] })
    await bed.catalog.release.checkpoint(new AbortController().signal)
    const released = await bed.catalog.release.releasable()
    await bed.catalog.commit({ puts: [bed.catalog.release.startPut(released)] })
    for (const { id } of released) await bed.segments.removeSegment(id)
    await bed[Symbol.asyncDispose]()
    for (const name of await fs.list(snapshots)) await fs.remove(`${snapshots}/${name}`)
    const again = await openBed(fs, { kv: kv.open(), options })
    await again.catalog.commit({ puts: [put('after', '1')] })
    await snapshotNow(again)
    expect(await fs.list(snapshots)).toHaveLength(1)
    await again[Symbol.asyncDispose]()
  })
})
