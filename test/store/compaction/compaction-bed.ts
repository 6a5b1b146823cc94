/** The real floors with compaction, on a disk in memory, with bounds that a few steps cross. */
import { MemoryKv } from '../../../src/catalog/kv/memory-kv.ts'
import type { OrderedKv } from '../../../src/catalog/kv/ordered-kv.ts'
import { LocalCatalog } from '../../../src/catalog/local-catalog.ts'
import { BlobEngine } from '../../../src/engine/blob-engine.ts'
import type { FileSystem } from '../../../src/platform/file-system.ts'
import { SeededRandom } from '../../../src/platform/seeded-random.ts'
import { LocalSegments } from '../../../src/segment/local-segments.ts'
import { BlobAudit, takeStock } from '../../../src/store/compaction/blob-audit.ts'
import { Compaction, type CompactionOptions } from '../../../src/store/compaction/compaction.ts'
import type { CompactionEvent } from '../../../src/store/compaction/events.ts'
import { settleSegments } from '../../../src/store/compaction/settle-segments.ts'
import { LocalObjectStore } from '../../../src/store/local-object-store.ts'
import { Readers } from '../../../src/store/readers.ts'
import { checkSegments, type SegmentCheckOptions } from '../segment-invariants.ts'
import { neverAborted } from '../store-requests.ts'

const storeId = '6f2c1d3e-4b5a-4c7d-8e9f-0a1b2c3d4e5f'

export interface BedOptions extends Partial<CompactionOptions> {
  readonly seed?: number
  /** Whether the journal is compacted too, and segments are sealed for what is dead in them. */
  readonly journal?: boolean
  readonly kv?: OrderedKv
}

const limits = {
  deadRatioMin: 0.2,
  ageMinMs: 0,
  bytesPerSecond: 0,
  segmentSizeMax: 8192,
  journalBacklogMin: 3000,
}

export type CompactionBed = Awaited<ReturnType<typeof openCompactionBed>>

/** A clock that every look moves on. */
function ticking(seed: number) {
  let now = 1_700_000_000_000 + seed * 1_000_000
  return { now: () => now++ }
}

export async function openCompactionBed(
  fs: FileSystem,
  { seed = 1, journal = false, kv = new MemoryKv(), ...options }: BedOptions = {},
) {
  const random = new SeededRandom(seed)
  const clock = ticking(seed)
  const events: CompactionEvent[] = []
  const listener = (event: CompactionEvent) => void events.push(event)
  const segments = await LocalSegments.open({ fs, directory: '/data', storeId, clock, random })
  const found = takeStock(segments)
  let isSound = true
  const catalog = await LocalCatalog.open({
    segments,
    kv,
    clock,
    listener: ({ event }) => {
      if (event === 'finding') isSound = false
    },
    options: { segmentSizeMax: 4096, automatic: false },
  })
  const lineage = await settleSegments({ catalog, segments, listener })
  const lanes = { chunkSizeMax: 1024, segmentSizeMax: 8192, laneCount: 2 }
  const engine = await BlobEngine.open({ segments, lineage, options: lanes })
  const readers = new Readers()
  const sizes = { inlineSizeMax: 256, partSizeMin: 1 }
  const parts = { catalog, engine, clock, random, readers, options: sizes }
  const store = await LocalObjectStore.open(parts)
  const compaction = new Compaction({
    catalog,
    ...(journal ? { journal: catalog.release } : {}),
    segments,
    readers,
    engine,
    lineage,
    clock,
    listener,
    options: { ...limits, laneDeadSizeMin: journal ? 1 : Number.POSITIVE_INFINITY, ...options },
  })
  const audit = new BlobAudit({
    ...{ catalog, segments, found, lineage, listener },
    isSound: () => isSound && segments.findings.length === 0,
  })
  return {
    store,
    segments,
    catalog,
    engine,
    readers,
    compaction,
    events,
    /** Finds what an earlier process left that was cut short. */
    findUnnamed: (signal = neverAborted) => audit.step(signal),
    /** Compacts until nothing is worth it any more. */
    async compactAll(): Promise<number> {
      let count = 0
      while (await compaction.step(neverAborted)) count += 1
      await compaction.removed()
      return count
    },
    async audit(options: SegmentCheckOptions = {}): Promise<void> {
      await catalog.settled()
      await checkSegments(catalog, segments, options)
    },
    async close(): Promise<void> {
      await engine[Symbol.asyncDispose]()
      await catalog[Symbol.asyncDispose]()
      await segments[Symbol.asyncDispose]()
    },
  }
}
