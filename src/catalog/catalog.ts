import type { Place, RecordInput } from '../segment/types.ts'

/**
 * An ordered map of byte strings with atomic commits, and the feed of those commits. Keys sort as
 * unsigned bytes, are 1 to 1900 bytes long, and mean nothing here.
 *
 * Batches, opaque keys and commutative counters keep the contract implementable by a database
 * shared between many processes.
 *
 * @throws CatalogError `unavailable` while nothing can be acknowledged, `disk-full`, `closed`
 */
export interface Catalog extends AsyncDisposable {
  /** The durable value, or null. Synchronous: the local index is memory or a memory map. */
  get(key: Uint8Array): Buffer | null
  /**
   * The newest value, counting commits not yet durable: to build checks from, never to be served.
   * When `pending` is true and the caller would refuse a request because of it, it awaits
   * `settled()` and looks again.
   */
  peek(key: Uint8Array): { readonly value: Buffer | null; readonly pending: boolean }
  /** Durable entries with start ≤ key < end, in key order; consistent within one synchronous run. */
  range(range: KeyRange): Iterable<Entry>
  /** Resolves when every commit submitted before the call has settled. */
  settled(): Promise<void>
  /**
   * One atomic change. Checks are evaluated against `peek` at the moment of the call, synchronously
   * and in submission order; if one fails nothing is written. Otherwise the attachments are given
   * places, `puts` is asked for its rows, and the promise resolves once all is durable and applied:
   * a later `get` sees it, and so does a reopened catalog after a power cut.
   */
  commit(batch: CommitBatch): Promise<CommitResult>
  /** Commits with sequence > `since`, in order, without gaps; waits for new ones until aborted. */
  feed(since: number, signal: AbortSignal): AsyncIterable<FeedCommit>
  /** Sequence of the last durable commit; 0 before the first. */
  readonly sequence: number
  /**
   * Whether a rejected commit may still be found after a crash: so from a failure until the next
   * commit is durable. Whoever wants to say for sure that there is nothing commits first.
   */
  readonly isInDoubt: boolean
}

/** Its ends may be longer than any key. */
export interface KeyRange {
  readonly start: Uint8Array
  /** Exclusive. */
  readonly end: Uint8Array
  readonly reverse?: boolean
}

export interface Entry {
  readonly key: Buffer
  readonly value: Buffer
}

export interface CommitBatch {
  /**
   * Whether it adds to what is stored: then it is refused with `disk-full` while only the reserve
   * of the disk is left. What frees space, and the store's own upkeep, goes on.
   */
  readonly isGrowth?: boolean
  readonly checks?: readonly Check[]
  /** Small blobs that ride in this commit; `puts` learns their places in the same order. */
  readonly attachments?: readonly RecordInput[]
  readonly puts?: readonly Put[] | ((places: readonly Place[]) => readonly Put[])
  readonly deletes?: readonly Uint8Array[]
  readonly adds?: readonly Add[]
}

/** Holds when the newest value of `key` equals `expected`; null means absent. */
export interface Check {
  readonly key: Uint8Array
  readonly expected: Uint8Array | null
}

export interface Put {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/**
 * Adds `delta` to a counter: a row whose value is a signed 64-bit little-endian integer, absent
 * meaning 0. A counter that reaches 0 is removed. Counter rows are changed by adds only.
 */
export interface Add {
  readonly key: Uint8Array
  readonly delta: number
}

export type CommitResult =
  | { readonly committed: true; readonly sequence: number }
  | { readonly committed: false; readonly failedCheck: number }

export interface FeedCommit {
  readonly sequence: number
  /** Milliseconds since the Unix epoch; informative, never an order. */
  readonly committedAt: number
  readonly puts: readonly Put[]
  readonly deletes: readonly Uint8Array[]
  readonly adds: readonly Add[]
}

/** Value of a counter row. */
export function counterValue(value: Uint8Array | null): number {
  if (value === null) return 0
  return Number(Buffer.from(value.buffer, value.byteOffset, 8).readBigInt64LE(0))
}
