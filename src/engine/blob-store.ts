import type { Place, RecordInput, Tier } from '../segment/types.ts'

/**
 * The stable name of a blob: it never changes, whatever moves the bytes later. `place` is where the
 * only chunk (chunkCount 1) or the recipe (more) was first written: a hint that lineage, Bloom
 * bits and footers make good when the segment has been replaced.
 */
export interface BlobRef {
  readonly blob: Place
  readonly place: Place
  /** Raw bytes. */
  readonly size: number
  readonly chunkCount: number
  /** What it occupies per segment, record headers and padding included: the garbage it leaves. */
  readonly extents: readonly BlobExtent[]
}

/** What is left of a blob that was cut off. */
export type BlobRemains = Pick<BlobRef, 'blob' | 'extents'>

export interface BlobExtent {
  readonly segment: number
  readonly storedSize: number
}

/** A blob small enough to ride inside a commit: one chunk, compressed, not yet anywhere. */
export interface SmallBlob {
  readonly record: RecordInput
  readonly size: number
}

/** Half-open: bytes start … end-1 of the raw blob. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

export interface AppendOptions {
  /** Opaque to the engine; kept beside the blob so that a lost catalog can be salvaged. ≤ 4 KiB. */
  readonly label: Uint8Array
  readonly signal: AbortSignal
  /**
   * Told, before `append` rejects, what lies on disk for good of a blob that was not stored: it is
   * garbage that nobody else knows of. Not called when there is nothing, or nobody can tell.
   */
  readonly onRemains?: (remains: BlobRemains) => void
  /** Where it is written: one of the store's `tiers`; hot unless set. */
  readonly tier?: Tier
}

/**
 * Bytes in, a reference out. Knows nothing of buckets, keys, HTTP or users.
 *
 * @throws EngineError `disk-full`, `write-failed`, `corruption`, `read-failed`, `missing`, `closed`
 */
export interface BlobStore extends AsyncDisposable {
  /** Tiers that blobs can be appended to; hot always is one. */
  readonly tiers: readonly Tier[]
  /** Where the bytes lie now, which is where they were appended unless they were moved since. */
  tierOf(ref: BlobRef): Tier
  /**
   * Appends one blob of any size > 0 to a data lane and resolves when it is durable. Reads `bytes`
   * once, at the disk's pace, and holds a bounded number of chunks. A blob whose source throws is
   * not stored, and the source's error is rethrown as it is; what was written of it is garbage.
   */
  append(bytes: AsyncIterable<Uint8Array>, options: AppendOptions): Promise<BlobRef>
  /** Compresses `bytes` (1 … chunk size) for a commit to carry. Synchronous. */
  small(bytes: Uint8Array): SmallBlob
  /** The reference of a small blob once the commit has given it a place. */
  smallRef(small: SmallBlob, place: Place): BlobRef
  /**
   * Reads a range, verified chunk by chunk. The caller must consume or return() the iterator; no
   * wrong byte is ever yielded: damage throws EngineError `corruption` instead.
   */
  read(ref: BlobRef, range: ByteRange, signal: AbortSignal): AsyncIterable<Uint8Array>
  /** Reads a range that lies within one chunk in one step: the fast path for small objects. */
  readSmall(ref: BlobRef, range: ByteRange): Promise<Buffer>
}
