import { type Catalog, type CommitBatch, counterValue, type Put } from '../catalog/catalog.ts'
import type { SmallBlob } from '../engine/blob-store.ts'
import type { Place } from '../segment/types.ts'
import { StoreError } from './errors.ts'

export type RowValue = Uint8Array | ((places: readonly Place[]) => Uint8Array)

/** What one attempt read and wants to write. Valid within one synchronous run. */
export class Change {
  readonly #catalog: Catalog
  readonly #reads = new Map<string, { readonly key: Uint8Array; readonly value: Buffer | null }>()
  readonly #puts: { readonly key: Uint8Array; readonly value: RowValue }[] = []
  readonly #deletes: Uint8Array[] = []
  readonly #adds = new Map<string, { readonly key: Uint8Array; delta: number }>()
  readonly #attachments: SmallBlob[] = []
  #sawPending = false
  #isGrowth = true

  constructor(catalog: Catalog) {
    this.#catalog = catalog
  }

  /** The newest value; the commit will check that it still is. */
  read(key: Buffer): Buffer | null {
    const name = key.toString('latin1')
    const known = this.#reads.get(name)
    if (known !== undefined) return known.value
    const { value, pending } = this.#catalog.peek(key)
    if (pending) this.#sawPending = true
    this.#reads.set(name, { key, value })
    return value
  }

  /**
   * As `read`, of a counter row.
   */
  readCounter(key: Buffer): number {
    return counterValue(this.read(key))
  }

  /**
   * Goes on only when nothing read so far is pending: what `range` shows belongs to the rows read.
   */
  requireSettled(): void {
    if (this.#sawPending) throw new StoreError('conflict', 'a row is still being written')
  }

  /** It helps to make room, so that a full disk is no reason to refuse it. */
  freesSpace(): void {
    this.#isGrowth = false
  }

  put(key: Uint8Array, value: RowValue): void {
    this.#puts.push({ key, value })
  }

  delete(key: Uint8Array): void {
    this.#deletes.push(key)
  }

  add(key: Buffer, delta: number): void {
    if (delta === 0) return
    const name = key.toString('latin1')
    const known = this.#adds.get(name)
    if (known === undefined) this.#adds.set(name, { key, delta })
    else known.delta += delta
  }

  /** The blob rides in this commit; its place is the last of `places` so far. */
  attach(small: SmallBlob): number {
    return this.#attachments.push(small) - 1
  }

  get sawPending(): boolean {
    return this.#sawPending
  }

  get isEmpty(): boolean {
    return this.#puts.length + this.#deletes.length + this.#adds.size === 0
  }

  batch(): CommitBatch {
    return {
      isGrowth: this.#isGrowth,
      checks: [...this.#reads.values()].map(({ key, value }) => ({ key, expected: value })),
      attachments: this.#attachments.map((small) => small.record),
      puts: (places) => this.#puts.map(({ key, value }) => resolvedPut(key, value, places)),
      deletes: this.#deletes,
      adds: [...this.#adds.values()].filter(({ delta }) => delta !== 0),
    }
  }
}

function resolvedPut(key: Uint8Array, value: RowValue, places: readonly Place[]): Put {
  return { key, value: typeof value === 'function' ? value(places) : value }
}
