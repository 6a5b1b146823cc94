import type { Catalog } from '../../src/catalog/catalog.ts'
import type { OrderedKv } from '../../src/catalog/kv/ordered-kv.ts'
import { LocalCatalog } from '../../src/catalog/local-catalog.ts'
import { BlobEngine } from '../../src/engine/blob-engine.ts'
import { loadHeat } from '../../src/engine/tiering/heat-file.ts'
import type { Clock } from '../../src/platform/clock.ts'
import type { FileSystem } from '../../src/platform/file-system.ts'
import type { Mirror } from '../../src/platform/mirror/mirrored-file-system.ts'
import type { Random } from '../../src/platform/random.ts'
import { LocalSegments } from '../../src/segment/local-segments.ts'
import type { Segments } from '../../src/segment/segments.ts'
import type { TierDirectories } from '../../src/segment/tier-directories.ts'
import { BlobAudit, takeStock } from '../../src/store/compaction/blob-audit.ts'
import { settleSegments } from '../../src/store/compaction/settle-segments.ts'
import { LocalObjectStore } from '../../src/store/local-object-store.ts'
import type { ObjectStore } from '../../src/store/object-store.ts'
import { Readers } from '../../src/store/readers.ts'
import { Recall } from '../../src/store/tiering/recall.ts'
import { Upkeep, type UpkeepEvent } from '../store/upkeep.ts'

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
  /** Lets hours pass, and takes what is stored to the tier where it belongs then. */
  move(): Promise<void>
  /** How many pieces of work `move` found since it was opened. */
  moveCount(): number
  /** Closes all floors, top down. Once. */
  close(): Promise<void>
}

export interface StackParts {
  readonly fs: FileSystem
  /** Of `fs`, where it keeps several copies. */
  readonly mirror?: Mirror
  readonly kv: OrderedKv
  readonly directory: string
  readonly clock: PassingClock
  readonly random: Random
  /** Default: everything is hot. */
  readonly tiers?: TierDirectories
}

/** Time passes as it is told to. */
export interface PassingClock extends Clock {
  pass(ms: number): void
}

export const STORE_ID = '6f1d8a52-3c0e-4a7b-9d25-0c4e6b8f1a37'

/** So small that a few steps cross every bound: see the sizes in `history.ts`. */
export const bounds = {
  inlineSizeMax: 256,
  chunkSizeMax: 1024,
  dataSegmentSizeMax: 8 * 1024,
  journalSegmentSizeMax: 4 * 1024,
  laneCount: 2,
  flushRowCount: 25,
}

const HOUR_MS = 3_600_000
/** Of two moves, the first finds the young warm and the second the old cold. */
const PASSING_MS = 12 * HOUR_MS

const upkeepOptions = {
  compaction: {
    deadRatioMin: 0.2,
    ageMinMs: 0,
    bytesPerSecond: 0,
    segmentSizeMax: bounds.dataSegmentSizeMax,
    laneDeadSizeMin: 1,
    journalBacklogMin: 3000,
  },
  tiering: {
    warmAfterMs: 10 * HOUR_MS,
    coldAfterMs: 20 * HOUR_MS,
    heatMax: 3,
    heatSaveIntervalMs: HOUR_MS,
  },
}
/** What is read often between two moves stays warmer than others of its age. */
const HEAT_HALF_LIFE_MS = 2 * HOUR_MS

export async function openStack(parts: StackParts): Promise<Stack> {
  const { fs, directory, clock, random, mirror = null, tiers = {} } = parts
  const opened: AsyncDisposable[] = []
  const events = new StackEvents()
  const close = async () => {
    for (const floor of opened.reverse()) await floor[Symbol.asyncDispose]()
  }
  try {
    const ground = { fs, directory, storeId: STORE_ID, clock, random, mirror, tiers }
    const segments = await LocalSegments.open(ground)
    opened.push(segments)
    const found = takeStock(segments)
    const catalog = await openCatalog(parts, segments, events.findings)
    opened.push(catalog)
    const { listener } = events
    const lineage = await settleSegments({ segments, catalog, listener })
    const heatPath = `${directory}/heat`
    const cooling = { now: clock.now(), halfLifeMs: HEAT_HALF_LIFE_MS }
    const heat = await loadHeat(fs, heatPath, cooling)
    const hasTiers = segments.tiers.length > 1
    const engine = await openEngine({ segments, lineage, ...(hasTiers && { heat }) })
    opened.push(engine)
    const readers = new Readers()
    const recall = new Recall({ engine, clock })
    const stock = { catalog, engine, clock, random, readers, ...(hasTiers && { recall }) }
    const limits = { inlineSizeMax: bounds.inlineSizeMax, partSizeMin: 1 }
    const store = await LocalObjectStore.open({ ...stock, options: limits })
    const journal = catalog.release
    const floors = { ...stock, recall, fs, segments, journal, lineage, heat, heatPath }
    const upkeep = new Upkeep(floors, { ...upkeepOptions, listener })
    const working = hasTiers ? upkeep : upkeep.compaction
    opened.push({ [Symbol.asyncDispose]: () => working.close() })
    const isSound = () => events.findings.length === 0 && segments.findings.length === 0
    const audit = new BlobAudit({ segments, catalog, listener, found, isSound, lineage })
    return {
      store,
      catalog,
      segments,
      findings: () => [
        ...events.findings,
        ...segments.findings.map((finding) => JSON.stringify(finding)),
      ],
      flush: () => catalog.flush(),
      snapshot: () => catalog.snapshot(),
      compact: async () => {
        await audit.step(never)
        await events.requireDone(upkeep.compactAll())
      },
      move: async () => {
        clock.pass(PASSING_MS)
        events.moveCount += await events.requireDone(upkeep.moveAll())
      },
      moveCount: () => events.moveCount,
      close,
    }
  } catch (error) {
    await close().catch(() => {})
    throw error
  }
}

function openEngine(parts: Omit<Parameters<typeof BlobEngine.open>[0], 'options'>) {
  const { chunkSizeMax, laneCount, dataSegmentSizeMax: segmentSizeMax } = bounds
  return BlobEngine.open({ ...parts, options: { chunkSizeMax, laneCount, segmentSizeMax } })
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

/** What the floors have told. */
class StackEvents {
  /** Damage. */
  readonly findings: string[] = []
  readonly #failures: unknown[] = []
  moveCount = 0

  readonly listener = (event: UpkeepEvent): void => {
    const isDamage = event.event === 'damaged-source' || event.event === 'segment-kept'
    if (isDamage) this.findings.push(JSON.stringify(event))
    if (failures.has(event.event) && 'cause' in event) this.#failures.push(event.cause)
  }

  /** What goes on in the background tells its failures to nobody else. */
  async requireDone<Result>(work: Promise<Result>): Promise<Result> {
    const result = await work
    const [failure] = this.#failures.splice(0)
    if (failure !== undefined) throw failure
    return result
  }
}

const failures: ReadonlySet<UpkeepEvent['event']> = new Set([
  'compaction-failed',
  'object-move-failed',
  'tiering-failed',
])

const never = new AbortController().signal
