import type { Place, RecordHeader, RecordInput, SegmentKind, StoredRecord, Tier } from './types.ts'

/**
 * The set of segment files of one store: hands out ids, makes writers, reads records, scans and
 * seals what an earlier process left behind. The engine keeps blobs in it, the catalog its journal;
 * neither opens a segment file by itself.
 *
 * @throws SegmentError
 */
export interface Segments extends AsyncDisposable {
  /** The next id a new segment would get. */
  readonly nextId: number
  /** Raises `nextId`: ids below it were used by segments that are gone. Never lowers it. */
  reserveIds(nextId: number): void
  /** Allocates an id and returns a writer. No I/O: the file is made by its first `write`. */
  createWriter(options: WriterOptions): SegmentWriter
  /** Segments of this kind, by ascending id. */
  list(kind: SegmentKind): readonly SegmentInfo[]
  /**
   * Reads and verifies one record (header CRC, payload CRC, segment id, offset), including one that
   * was appended but not yet written. One disk read when `storedSize` is known.
   */
  read(place: Place, storedSize?: number): Promise<StoredRecord>
  /**
   * Walks the records of a segment from `from` (default: the first) in order. Verifies payloads
   * only when `payloads` is set. Damage does not end the walk: it is yielded, and the walk resumes
   * at the next record that verifies. Stops before index pages and footer.
   */
  scan(id: number, options?: ScanOptions): AsyncIterable<ScanStep>
  /**
   * Seals a segment found unsealed at start: cuts what lies after `end` and appends the footer.
   * Idempotent; safe at every crash point.
   */
  seal(id: number, end: number, journal?: JournalEnd): Promise<void>
  /** Damage found since start, oldest first; bounded. */
  readonly findings: readonly SegmentFinding[]
}

export interface WriterOptions {
  readonly kind: SegmentKind
  readonly tier?: Tier
  readonly lane?: number
  /** Asked for when the header is written, at the first `write`. Journal and snapshot only. */
  readonly chain?: () => ChainHeader
}

export interface ChainHeader {
  readonly previousSegment: number
  readonly previousEnd: number
  readonly firstSequence: number
  readonly chain: Uint8Array
}

export interface JournalEnd {
  readonly sequence: number
  readonly chain: Uint8Array
}

/** Appends records to one segment. Not reentrant per method, but appends never wait. */
export interface SegmentWriter {
  readonly id: number
  /** Offset the next record will have. */
  readonly size: number
  /** Bytes appended and not yet written. */
  readonly bufferedSize: number
  /**
   * Gives the record its place at once and buffers it; nothing reaches the disk yet. The record can
   * be read through `Segments.read` from now on.
   */
  append(record: RecordInput): Place
  /** Writes everything appended before the call. Concurrent calls share writes, in order. */
  write(): Promise<void>
  /**
   * Writes and syncs everything appended before the call; concurrent calls share one sync. The
   * first sync also syncs the folder. After a failure every later call rejects with `abandoned`.
   */
  sync(): Promise<void>
  /** Bytes known durable: what `sync` has confirmed. */
  readonly durableSize: number
  /** Syncs, appends index pages, footer and trailer, syncs again. No append may follow. */
  seal(journal?: JournalEnd): Promise<void>
  /** Gives the segment up after a failure: what is durable stays readable. Never throws. */
  abandon(): void
}

export interface SegmentInfo {
  readonly id: number
  readonly kind: SegmentKind
  readonly tier: Tier
  readonly state: 'active' | 'sealed' | 'unsealed'
  /** Bytes of header and records, without index pages and footer. */
  readonly dataSize: number
  readonly header: ChainHeader
  readonly createdAt: number
  /** Sealed journal segments only. */
  readonly end: JournalEnd | null
}

export interface ScanOptions {
  readonly from?: number
  /** Records at or after this offset are not visited. */
  readonly to?: number
  /** Verify payload CRCs and yield payloads. */
  readonly payloads?: boolean
}

export type ScanStep =
  | { readonly step: 'record'; readonly header: RecordHeader; readonly payload: Buffer | null }
  /** Bytes start … end-1 hold no valid record, but a valid one follows. */
  | {
      readonly step: 'damage'
      readonly start: number
      readonly end: number
      readonly field: string
    }
  /** Bytes from `start` to the end of file hold no valid record: a torn tail. Always last. */
  | { readonly step: 'torn'; readonly start: number; readonly end: number }

export interface SegmentFinding {
  readonly file: string
  readonly offset: number
  readonly field: string
}
