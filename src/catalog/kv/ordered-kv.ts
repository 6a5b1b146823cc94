import type { Entry, KeyRange } from '../catalog.ts'

/**
 * The index below the catalog: an ordered byte map that can be thrown away and rebuilt. It records
 * the journal sequence it has applied in the same transaction as the entries, so that recovery
 * knows which tail to replay.
 */
export interface OrderedKv extends AsyncDisposable {
  get(key: Uint8Array): Buffer | null
  range(range: KeyRange): Iterable<Entry>
  /** Applies all writes and the new position as one transaction; resolves when durable. */
  apply(writes: readonly KvWrite[], position: KvPosition): Promise<void>
  /** What `apply` last recorded; null for an empty index. */
  readonly position: KvPosition | null
  /** A stable view for a snapshot, unaffected by later `apply`. Must be released. */
  view(): KvView
  /** Empties it. */
  clear(): Promise<void>
}

export interface KvWrite {
  readonly key: Uint8Array
  /** null deletes. */
  readonly value: Uint8Array | null
}

export interface KvPosition {
  readonly sequence: number
  /** Journal segment of the last applied commit record, and the offset just after it. */
  readonly segment: number
  readonly offset: number
  /** Chain value after that record. */
  readonly chain: Uint8Array
}

export interface KvView {
  readonly position: KvPosition | null
  range(range: KeyRange): Iterable<Entry>
  release(): void
}
