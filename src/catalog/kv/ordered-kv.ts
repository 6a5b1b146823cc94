import type { Entry, KeyRange } from '../catalog.ts'

/**
 * The index below the catalog: an ordered byte map that can be thrown away and rebuilt. It records
 * the journal position it has applied in the same transaction as the entries, so that recovery
 * knows which tail to replay.
 *
 * Neither keys and values it is given nor those it returns may be changed afterwards.
 *
 * @throws CatalogError `corruption` when an entry is not what was written, `closed`
 */
export interface OrderedKv extends AsyncDisposable {
  get(key: Uint8Array): Buffer | null
  /**
   * start ≤ key < end, lazily; bounds may be longer than any key. Entries applied while it is
   * walked may or may not be seen.
   */
  range(range: KeyRange): Iterable<Entry>
  /**
   * Applies all writes and the new position as one transaction; resolves when durable. With a null
   * position the old one stays: for filling a successor. After a rejection nothing was applied.
   *
   * @throws CatalogError `disk-full`, `unavailable`, `corruption`
   */
  apply(writes: readonly KvWrite[], position: KvPosition | null): Promise<void>
  /** What `apply` last recorded; null for an empty or unfinished index. */
  readonly position: KvPosition | null
  /** A stable view for a snapshot, unaffected by later `apply`. Must be released. */
  view(): KvView
  /**
   * An empty index that takes the place of this one: of the two, a reopening finds the successor
   * once it has a position. This one can be read until it is disposed of, which removes it.
   */
  successor(): Promise<OrderedKv>
}

export interface KvWrite {
  readonly key: Uint8Array
  /** null deletes. */
  readonly value: Uint8Array | null
}

/** A place in the journal: just after one commit record. */
export interface KvPosition {
  /** Of the last commit in that record. */
  readonly sequence: number
  /** Journal segment of the record. */
  readonly segment: number
  /** Where the record begins. */
  readonly recordOffset: number
  /** The offset just after it. */
  readonly offset: number
  /** Chain value after it. */
  readonly chain: Uint8Array
  /** Payload bytes of all commit records up to here: what a replay from the beginning would read. */
  readonly commitSize: number
}

export interface KvView {
  readonly position: KvPosition | null
  /** How many entries it has, by the index's own count, which a walk of it must come to. */
  readonly entryCount: number
  get(key: Uint8Array): Buffer | null
  range(range: KeyRange): Iterable<Entry>
  release(): void
}

/** Every key there can be. */
export const everyKey: KeyRange = { start: Buffer.alloc(1), end: Buffer.alloc(1901, 0xff) }
