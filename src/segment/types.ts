/** The nouns of the segment floor. Byte layouts: docs/format.md. */

/** Where a record lies, or was first written. Both are unsigned 32-bit. Also serves as a blob id. */
export interface Place {
  readonly segment: number
  readonly offset: number
}

export const segmentKinds = { data: 1, journal: 2, snapshot: 3 } as const
export type SegmentKind = keyof typeof segmentKinds

export const tiers = { hot: 0, warm: 1, cold: 2 } as const
export type Tier = keyof typeof tiers

export const recordKinds = {
  chunk: 1,
  recipe: 2,
  commit: 3,
  snapshotPage: 4,
  snapshotEnd: 5,
  indexPage: 6,
  footer: 7,
} as const
export type RecordKind = keyof typeof recordKinds

export const codecs = { none: 0, lz4: 1, zstd: 2 } as const
export type CodecName = keyof typeof codecs

/** The lane of segments that compaction writes (docs/format.md#segment-header-128-bytes). */
export const COMPACTION_LANE = 0xffffffff

/** What `SegmentWriter.append` needs to lay a record down. The payload is already compressed. */
export interface RecordInput {
  readonly kind: RecordKind
  readonly codec: CodecName
  /** The blob this record belongs to; 'self' when this record is the blob's first chunk. */
  readonly blob: Place | 'self'
  /** Chunk index, recipe marker or page index; see docs/format.md#record. */
  readonly number: number
  readonly rawSize: number
  /** Must not change until the writer has written it. */
  readonly payload: Uint8Array
}

/** A record header as read back and verified. */
export interface RecordHeader {
  readonly kind: RecordKind
  readonly codec: CodecName
  readonly place: Place
  readonly blob: Place
  readonly number: number
  readonly rawSize: number
  readonly storedSize: number
  readonly payloadCrc: number
  /**
   * Bytes of the segment known durable when this record was appended: damage that starts before is
   * damage; after it, it may be a write that a power loss tore before anyone was told of it.
   */
  readonly durableEnd: number
}

export interface StoredRecord {
  readonly header: RecordHeader
  /** As stored: still compressed, CRC verified. */
  readonly payload: Buffer
}

/** What names a chunk or a recipe wherever it lies: its blob, and its number in it. */
export interface RecordKey {
  readonly blob: Place
  readonly number: number
}

/** The number a recipe record carries in place of a chunk index. */
export const RECIPE_NUMBER = 0xffffffff

/** Bytes a record occupies in its segment: header, payload, padding to 8. */
export function recordSpan(storedSize: number): number {
  return Math.ceil((48 + storedSize) / 8) * 8
}
