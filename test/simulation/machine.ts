import type { Catalog } from '../../src/catalog/catalog.ts'
import { LocalCatalog } from '../../src/catalog/local-catalog.ts'
import { BlobEngine } from '../../src/engine/blob-engine.ts'
import type { FileSystem } from '../../src/platform/file-system.ts'
import { type CrashOptions, MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { SeededRandom } from '../../src/platform/seeded-random.ts'
import { LocalSegments } from '../../src/segment/local-segments.ts'
import { LocalObjectStore } from '../../src/store/local-object-store.ts'
import type { ObjectStore } from '../../src/store/object-store.ts'
import { SimulatedIndex } from './simulated-index.ts'

/** The real floors, opened on a machine. */
export interface Stack {
  readonly store: ObjectStore
  readonly catalog: Catalog
  /** Damage that was reported since it was opened. */
  findings(): readonly string[]
  /** Writes what the index does not have yet. */
  flush(): Promise<void>
  /** Writes a snapshot of the catalog. */
  snapshot(): Promise<void>
  /** Closes all floors, top down. Once. */
  close(): Promise<void>
}

export interface MachineOptions {
  readonly seed: number
  /** In bytes; without it the disk is as good as endless. */
  readonly capacity?: number
  /** What the floors get in place of the disk itself. */
  readonly disguise?: (fs: FileSystem) => FileSystem
  /** What clients get in place of the store itself. */
  readonly corrupt?: (store: ObjectStore) => ObjectStore
}

export interface MachineCrash extends CrashOptions {
  /** What is left of the index, which is a cache. Default: kept. */
  readonly index?: 'kept' | 'lost'
}

const STORE_ID = '6f1d8a52-3c0e-4a7b-9d25-0c4e6b8f1a37'

/** So small that a few steps cross every bound: see the sizes in `history.ts`. */
const bounds = {
  inlineSizeMax: 256,
  chunkSizeMax: 1024,
  dataSegmentSizeMax: 8 * 1024,
  journalSegmentSizeMax: 4 * 1024,
  laneCount: 2,
  flushRowCount: 25,
}

/** A disk and an index that outlive processes, and what a process on them is made of. */
export class Machine {
  readonly directory = '/data'
  readonly fs: MemoryFileSystem
  readonly index: SimulatedIndex
  readonly #options: MachineOptions
  /** Every process on it draws other numbers. */
  #openCount = 0
  #now: number

  constructor(
    options: MachineOptions,
    found?: { readonly fs: MemoryFileSystem; readonly index: SimulatedIndex; readonly now: number },
  ) {
    const { capacity } = options
    this.#options = options
    this.fs =
      found?.fs ?? new MemoryFileSystem({ simulate: true, ...(capacity ? { capacity } : {}) })
    this.index = found?.index ?? new SimulatedIndex()
    this.#now = found?.now ?? 1_700_000_000_000
  }

  /** The machine as it stands after a crash at this moment; this one goes on undisturbed. */
  crash({ index = 'kept', ...options }: MachineCrash): Machine {
    const fs = this.fs.crash(options)
    const seed = (options.seed ?? 0) ^ Math.imul(this.#options.seed + this.#openCount, 0x9e3779b1)
    const kept = index === 'kept' ? this.index.fork() : new SimulatedIndex()
    return new Machine({ ...this.#options, seed }, { fs, index: kept, now: this.#now })
  }

  async open(): Promise<Stack> {
    const random = new SeededRandom(this.#options.seed + Math.imul(this.#openCount++, 7919))
    const clock = { now: () => this.#now++ }
    const fs = this.#options.disguise?.(this.fs) ?? this.fs
    const { directory } = this
    const opened: AsyncDisposable[] = []
    const findings: string[] = []
    const close = async () => {
      for (const floor of opened.reverse()) await floor[Symbol.asyncDispose]()
    }
    try {
      const segments = await LocalSegments.open({ fs, directory, storeId: STORE_ID, clock, random })
      opened.push(segments)
      const catalog = await LocalCatalog.open({
        segments,
        clock,
        kv: await this.index.open(),
        listener: (event) => {
          if (event.event === 'finding') findings.push(JSON.stringify(event.finding))
          if (event.event === 'snapshotRefused') findings.push(`snapshot ${event.segment}`)
        },
        options: {
          segmentSizeMax: bounds.journalSegmentSizeMax,
          flushRowCount: bounds.flushRowCount,
          // Everything happens when it is asked for, so that the same seed gives the same run.
          automatic: false,
        },
      })
      opened.push(catalog)
      const { chunkSizeMax, laneCount, dataSegmentSizeMax: segmentSizeMax } = bounds
      const options = { chunkSizeMax, laneCount, segmentSizeMax }
      const engine = await BlobEngine.open({ segments, options })
      opened.push(engine)
      const { inlineSizeMax } = bounds
      const store = await LocalObjectStore.open({
        catalog,
        engine,
        clock,
        random,
        options: { inlineSizeMax, partSizeMin: 1 },
      })
      const flush = () => catalog.flush()
      const snapshot = () => catalog.snapshot()
      const found = () => [...findings, ...segments.findings.map((one) => JSON.stringify(one))]
      const shown = this.#options.corrupt?.(store) ?? store
      return { store: shown, catalog, findings: found, flush, snapshot, close }
    } catch (error) {
      await close().catch(() => {})
      throw error
    }
  }
}
