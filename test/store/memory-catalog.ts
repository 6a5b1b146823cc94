import {
  type Catalog,
  type CommitBatch,
  type CommitResult,
  counterValue,
  type Entry,
  type FeedCommit,
  type KeyRange,
} from '../../src/catalog/catalog.ts'
import type { CatalogError } from '../../src/catalog/errors.ts'
import type { Place } from '../../src/segment/types.ts'

/** Where a commit's small blobs come to lie. */
export interface AttachmentSink {
  place(payload: Uint8Array, rawSize: number): Place
}

/**
 * A catalog in memory that is as lazy as the contract allows: a commit is visible to `peek` at once
 * and to `get` and `range` only a while later, so that code which serves what is not durable fails.
 */
export class MemoryCatalog implements Catalog {
  readonly #newest = new Map<string, Buffer>()
  readonly #durable = new Map<string, Buffer>()
  #sorted: string[] | null = null
  readonly #pending = new Map<string, number>()
  readonly #sink: AttachmentSink
  #tail: Promise<void> = Promise.resolve()
  #failing: CatalogError | null = null
  #gate: Gate | null = null
  readonly isInDoubt = false
  sequence = 0
  commits = 0

  constructor(sink: AttachmentSink) {
    this.#sink = sink
  }

  /** Every commit fails with this until it is called with null. */
  failWith(error: CatalogError | null): void {
    this.#failing = error
  }

  /** Commits from now on stay pending until `release` or `breakDown`. */
  hold(): void {
    this.#gate = makeGate()
  }

  release(): void {
    this.#gate?.open(null)
    this.#gate = null
  }

  /** A sync failed: every pending commit is undone and rejects, and later ones work again. */
  async breakDown(error: CatalogError): Promise<void> {
    this.#gate?.open(error)
    this.#gate = null
    await this.#tail
  }

  get(key: Uint8Array): Buffer | null {
    return this.#durable.get(text(key)) ?? null
  }

  peek(key: Uint8Array): { value: Buffer | null; pending: boolean } {
    const name = text(key)
    return { value: this.#newest.get(name) ?? null, pending: this.#pending.has(name) }
  }

  *range({ start, end, reverse }: KeyRange): Iterable<Entry> {
    this.#sorted ??= [...this.#durable.keys()].sort()
    const from = lowerBound(this.#sorted, text(start))
    const keys = this.#sorted.slice(from, lowerBound(this.#sorted, text(end)))
    if (reverse === true) keys.reverse()
    for (const name of keys) {
      yield { key: Buffer.from(name, 'latin1'), value: this.#durable.get(name)! }
    }
  }

  settled(): Promise<void> {
    return this.#tail
  }

  async commit(batch: CommitBatch): Promise<CommitResult> {
    const failedCheck = (batch.checks ?? []).findIndex(({ key, expected }) => {
      const value = this.#newest.get(text(key)) ?? null
      return value === null || expected === null ? value !== expected : !value.equals(expected)
    })
    if (failedCheck !== -1) return { committed: false, failedCheck }
    if (this.#failing !== null) throw this.#failing
    const places = (batch.attachments ?? []).map((record) =>
      this.#sink.place(record.payload, record.rawSize),
    )
    const puts = typeof batch.puts === 'function' ? batch.puts(places) : (batch.puts ?? [])
    const changes = new Map<string, Buffer | null>()
    for (const { key, value } of puts) changes.set(text(key), Buffer.from(value))
    for (const key of batch.deletes ?? []) changes.set(text(key), null)
    for (const { key, delta } of batch.adds ?? []) {
      const name = text(key)
      const before = changes.has(name) ? changes.get(name)! : (this.#newest.get(name) ?? null)
      changes.set(name, counter(counterValue(before) + delta))
    }
    for (const [name, value] of changes) set(this.#newest, name, value)
    for (const name of changes.keys()) this.#pending.set(name, (this.#pending.get(name) ?? 0) + 1)
    this.commits += 1
    const gate = this.#gate?.opened ?? Promise.resolve(null)
    const done = this.#tail.then(() => this.#apply(changes, gate))
    this.#tail = done.then(
      () => undefined,
      () => undefined,
    )
    return done
  }

  feed(_since: number, _signal: AbortSignal): AsyncIterable<FeedCommit> {
    throw new Error('this catalog has no feed')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tail
  }

  async #apply(
    changes: ReadonlyMap<string, Buffer | null>,
    gate: Promise<CatalogError | null>,
  ): Promise<CommitResult> {
    const failed = await gate
    await new Promise((resolve) => setImmediate(resolve))
    for (const name of changes.keys()) {
      const left = this.#pending.get(name)! - 1
      if (left === 0) this.#pending.delete(name)
      else this.#pending.set(name, left)
    }
    if (failed !== null) {
      for (const name of changes.keys()) set(this.#newest, name, this.#durable.get(name) ?? null)
      throw failed
    }
    for (const [name, value] of changes) {
      if (value === null || !this.#durable.has(name)) this.#sorted = null
      set(this.#durable, name, value)
    }
    this.sequence += 1
    return { committed: true, sequence: this.sequence }
  }
}

interface Gate {
  readonly opened: Promise<CatalogError | null>
  open(failed: CatalogError | null): void
}

function makeGate(): Gate {
  let open: (failed: CatalogError | null) => void = () => {}
  const opened = new Promise<CatalogError | null>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

function set(map: Map<string, Buffer>, name: string, value: Buffer | null): void {
  if (value === null) map.delete(name)
  else map.set(name, value)
}

function counter(value: number): Buffer | null {
  if (value === 0) return null
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(BigInt(value))
  return bytes
}

/** Latin-1 strings compare as the bytes they stand for. */
function text(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')
}

function lowerBound(sorted: readonly string[], name: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < name) low = middle + 1
    else high = middle
  }
  return low
}
