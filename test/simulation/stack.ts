import type { Catalog } from '../../src/catalog/catalog.ts'
import type { OrderedKv } from '../../src/catalog/kv/ordered-kv.ts'
import { LocalCatalog } from '../../src/catalog/local-catalog.ts'
import { BlobEngine } from '../../src/engine/blob-engine.ts'
import type { Clock } from '../../src/platform/clock.ts'
import type { FileSystem } from '../../src/platform/file-system.ts'
import type { Mirror } from '../../src/platform/mirror/mirrored-file-system.ts'
import type { Random } from '../../src/platform/random.ts'
import { LocalSegments } from '../../src/segment/local-segments.ts'
import type { Segments } from '../../src/segment/segments.ts'
import { BlobAudit, takeStock } from '../../src/store/compaction/blob-audit.ts'
import { Compaction } from '../../src/store/compaction/compaction.ts'
import { settleSegments } from '../../src/store/compaction/settle-segments.ts'
import { LocalObjectStore } from '../../src/store/local-object-store.ts'
import type { ObjectStore } from '../../src/store/object-store.ts'
import { Readers } from '../../src/store/readers.ts'

/** The real floors, opened on a machine. */
export interface Stack {
  readonly store: ObjectStore
  readonly catalog: Catalog
  readonly segments: Segments
  /** Damage that was reported since it was opened. */
  findings(): readonly string[]
  /** Writes what the index does not have yet. */
  flush(): Promise<void>
  /** Writes a snapshot of the catalog. */
  snapshot(): Promise<void>
  /** Replaces segments until none is worth it. */
  compact(): Promise<void>
  /** Closes all floors, top down. Once. */
  close(): Promise<void>
}

export interface StackParts {
  readonly fs: FileSystem
  /** Of `fs`, where it keeps several copies. */
  readonly mirror?: Mirror
  readonly kv: OrderedKv
  readonly directory: string
  readonly clock: Clock
  readonly random: Random
}

export const STORE_ID = '6f1d8a52-3c0e-4a7b-9d25-0c4e6b8f1a37'

/** So small that a few steps cross every bound: see the sizes in `history.ts`. */
const bounds = {
  inlineSizeMax: 256,
  chunkSizeMax: 1024,
  dataSegmentSizeMax: 8 * 1024,
  journalSegmentSizeMax: 4 * 1024,
  laneCount: 2,
  flushRowCount: 25,
}

export async function openStack(parts: StackParts): Promise<Stack> {
  const { fs, directory, clock, random, mirror = null } = parts
  const opened: AsyncDisposable[] = []
  const findings: string[] = []
  const close = async () => {
    for (const floor of opened.reverse()) await floor[Symbol.asyncDispose]()
  }
  try {
    const ground = { fs, directory, storeId: STORE_ID, clock, random, mirror }
    const segments = await LocalSegments.open(ground)
    opened.push(segments)
    const found = takeStock(segments)
    const catalog = await openCatalog(parts, segments, findings)
    opened.push(catalog)
    const shared = { segments, catalog, ...compactionParts(findings) }
    const lineage = await settleSegments(shared)
    const { chunkSizeMax, laneCount, dataSegmentSizeMax: segmentSizeMax, inlineSizeMax } = bounds
    const options = { chunkSizeMax, laneCount, segmentSizeMax }
    const engine = await BlobEngine.open({ segments, lineage, options })
    opened.push(engine)
    const limits = { inlineSizeMax, partSizeMin: 1 }
    const stock = { catalog, engine, clock, random, readers: shared.readers }
    const store = await LocalObjectStore.open({ ...stock, options: limits })
    const journal = catalog.release
    const compaction = new Compaction({ ...shared, journal, engine, lineage, clock })
    opened.push({ [Symbol.asyncDispose]: () => compaction.close() })
    const isSound = () => findings.length === 0 && segments.findings.length === 0
    const audit = new BlobAudit({ ...shared, found, isSound, lineage })
    return {
      store,
      catalog,
      segments,
      findings: () => [...findings, ...segments.findings.map((one) => JSON.stringify(one))],
      flush: () => catalog.flush(),
      snapshot: () => catalog.snapshot(),
      compact: async () => {
        await audit.step(never)
        await compactAll(compaction)
      },
      close,
    }
  } catch (error) {
    await close().catch(() => {})
    throw error
  }
}

function openCatalog(
  { kv, clock }: StackParts,
  segments: Segments,
  findings: string[],
): Promise<LocalCatalog> {
  const { flushRowCount, journalSegmentSizeMax: segmentSizeMax } = bounds
  return LocalCatalog.open({
    segments,
    clock,
    kv,
    listener: (event) => {
      if (event.event === 'finding') findings.push(JSON.stringify(event.finding))
      if (event.event === 'snapshotRefused') findings.push(`snapshot ${event.segment}`)
    },
    // Everything happens when it is asked for, so that the same seed gives the same run.
    options: { segmentSizeMax, flushRowCount, automatic: false },
  })
}

function compactionParts(findings: string[]) {
  const segmentSizeMax = bounds.dataSegmentSizeMax
  return {
    readers: new Readers(),
    options: {
      deadRatioMin: 0.2,
      ageMinMs: 0,
      bytesPerSecond: 0,
      segmentSizeMax,
      laneDeadSizeMin: 1,
      journalBacklogMin: 3000,
    },
    listener: (event: { readonly event: string }) => {
      const isDamage = event.event === 'damaged-source' || event.event === 'segment-kept'
      if (isDamage) findings.push(JSON.stringify(event))
    },
  }
}

const never = new AbortController().signal
/** A compaction that never ends is a mistake too. */
const STEPS_MAX = 100

async function compactAll(compaction: Compaction): Promise<void> {
  for (let step = 0; await compaction.step(never); step++) {
    if (step === STEPS_MAX) throw new Error('compaction does not come to an end')
  }
  await compaction.removed()
}
