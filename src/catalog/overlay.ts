import { simpleComparator } from 'sorted-btree'
import { BTree } from './b-tree.ts'
import { keyBytes } from './key-text.ts'
import type { KvPosition, KvWrite } from './kv/ordered-kv.ts'

/** The newest value of a row; null: deleted. */
export type Row = Buffer | null

/**
 * Rows that are durable in the journal and not yet in the index below: absolute values, so that it
 * can lie over any older state of the index.
 */
export class Overlay {
  readonly #rows = new Map<string, Row>()
  /** Keys in order, without those that came since somebody last asked for the order. */
  readonly #sorted = new BTree<string, null>(undefined, simpleComparator)
  #unsorted: string[] = []
  #size = 0
  /** Of the last group that was applied; null when none was. */
  position: KvPosition | null = null

  get rowCount(): number {
    return this.#rows.size
  }

  /** Bytes of keys and values, roughly. */
  get size(): number {
    return this.#size
  }

  /** Undefined when the overlay says nothing of this key. */
  get(key: string): Row | undefined {
    return this.#rows.get(key)
  }

  set(key: string, row: Row): void {
    const old = this.#rows.get(key)
    if (old === undefined) {
      this.#unsorted.push(key)
      this.#size += key.length
    } else if (old !== null) {
      this.#size -= old.length
    }
    if (row !== null) this.#size += row.length
    this.#rows.set(key, row)
  }

  /** Rows with start ≤ key < end; must not be walked on after a `set`. */
  *range(start: string, end: string, reverse: boolean): Generator<readonly [string, Row]> {
    for (const key of this.#unsorted) this.#sorted.set(key, null)
    this.#unsorted = []
    const pairs = reverse
      ? this.#sorted.entriesReversed(end, undefined, true)
      : this.#sorted.entries(start)
    for (const [key] of pairs) {
      if (reverse ? key < start : key >= end) return
      yield [key, this.#rows.get(key) ?? null]
    }
  }

  writes(): KvWrite[] {
    const writes: KvWrite[] = []
    for (const [key, value] of this.#rows) writes.push({ key: keyBytes(key), value })
    return writes
  }
}
