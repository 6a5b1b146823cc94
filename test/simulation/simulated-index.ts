import { CatalogError } from '../../src/catalog/errors.ts'
import { MemoryKv } from '../../src/catalog/kv/memory-kv.ts'
import type { KvView, OrderedKv } from '../../src/catalog/kv/ordered-kv.ts'
import { everyKey } from '../../src/catalog/kv/ordered-kv.ts'

/**
 * An index that outlives the process that writes it, as LMDB does: each `apply` is durable when it
 * resolves. Holds the index proper, and the one that is to succeed it once it has a position.
 */
export class SimulatedIndex {
  #current: MemoryKv | null = null
  /** What it holds until it is first opened. */
  #frozen: KvView | null = null
  #applyCount = 0
  /** Asked before each transaction; true makes it fail. */
  isFailing: () => boolean = () => false

  /** Changes whenever the content does. */
  get fingerprint(): string {
    const { position } = this.#current ?? this.#frozen ?? { position: null }
    return `${position?.sequence ?? -1} ${this.#applyCount}`
  }

  /** What a process finds when it opens the index. */
  async open(): Promise<OrderedKv> {
    if (this.#current === null) {
      this.#current = new MemoryKv()
      const frozen = this.#frozen
      this.#frozen = null
      if (frozen !== null) await this.#current.apply([...frozen.range(everyKey)], frozen.position)
    }
    return this.#handle(this.#current)
  }

  /** The index as a crash at this moment leaves it; both go on independently. */
  fork(): SimulatedIndex {
    const copy = new SimulatedIndex()
    copy.#frozen = this.#current?.view() ?? this.#frozen
    copy.#applyCount = this.#applyCount
    return copy
  }

  /** A process's hold on one of the indexes: closing it keeps the index. */
  #handle(kv: MemoryKv): OrderedKv {
    let isClosed = false
    const open = (): MemoryKv => {
      if (isClosed) throw new Error('the index is closed')
      return kv
    }
    return {
      get: (key) => open().get(key),
      range: (range) => open().range(range),
      get position() {
        return open().position
      },
      view: () => open().view(),
      apply: async (writes, position) => {
        // A transaction takes its time, and happens wholly or not at all.
        await new Promise((resolve) => setImmediate(resolve))
        if (this.isFailing()) throw new CatalogError('unavailable', 'the index takes no rows')
        await open().apply(writes, position)
        this.#applied(kv)
      },
      successor: async () => this.#handle(new MemoryKv()),
      [Symbol.asyncDispose]: async () => {
        isClosed = true
      },
    }
  }

  #applied(kv: MemoryKv): void {
    if (kv !== this.#current && kv.position === null) return
    this.#current = kv
    this.#applyCount++
  }
}
