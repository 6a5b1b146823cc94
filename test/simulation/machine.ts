import type { OrderedKv } from '../../src/catalog/kv/ordered-kv.ts'
import type { FileSystem } from '../../src/platform/file-system.ts'
import { type CrashOptions, MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { SeededRandom } from '../../src/platform/seeded-random.ts'
import type { ObjectStore } from '../../src/store/object-store.ts'
import { SimulatedIndex } from './simulated-index.ts'
import { openStack, type Stack } from './stack.ts'

export interface MachineOptions {
  readonly seed: number
  /** In bytes; without it the disk is as good as endless. */
  readonly capacity?: number
  /** Whether there are a warm and a cold tier, on the same disk. */
  readonly isTiered?: boolean
  /** What the floors get in place of the disk itself. */
  readonly disguise?: (fs: FileSystem) => FileSystem
  /** What clients get in place of the store itself. */
  readonly corrupt?: (store: ObjectStore) => ObjectStore
  /** What the catalog gets in place of the index itself. */
  readonly spoil?: (kv: OrderedKv) => OrderedKv
}

export interface MachineCrash extends CrashOptions {
  /** What is left of the index, which is a cache. Default: kept. */
  readonly index?: 'kept' | 'lost'
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
    const kv = await this.index.open()
    const { directory } = this
    const tiers = { warm: `${directory}/warm`, cold: `${directory}/cold` }
    const stack = await openStack({
      fs: this.#options.disguise?.(this.fs) ?? this.fs,
      kv: this.#options.spoil?.(kv) ?? kv,
      directory,
      clock: {
        now: () => this.#now++,
        pass: (ms) => {
          this.#now += ms
        },
      },
      random,
      ...(this.#options.isTiered && { tiers }),
    })
    const { corrupt } = this.#options
    return corrupt === undefined ? stack : { ...stack, store: corrupt(stack.store) }
  }
}
