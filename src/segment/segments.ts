import type {
  Place,
  RecordHeader,
  RecordInput,
  RecordKey,
  RecordKind,
  SegmentKind,
  StoredRecord,
  Tier,
} from './types.ts'

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
  /** Tiers that data segments can be made in; hot always is one. */
  readonly tiers: readonly Tier[]
  /** Raises `nextId`: ids below it were used by segments that are gone. Never lowers it. */
  reserveIds(nextId: number): void
  /** Allocates an id and returns a writer. No I/O: the file is made by its first `write`. */
  createWriter(options: WriterOptions): SegmentWriter
  /**
   * Segments of this kind, by ascending id. Of snapshots only the published ones are listed; their
   * sequence is `header.firstSequence`, and `scan` reads them like any other segment.
   */
  list(kind: SegmentKind): readonly SegmentInfo[]
  /** Whether a live segment, in whatever state, has this id. */
  has(id: number): boolean
  /** Of a live segment; null when there is none of this id. */
  tierOf(id: number): Tier | null
  /**
   * False when the segment certainly does not hold this chunk or recipe. Asks the Bloom bits of a
   * sealed segment, never the disk; a segment without an index answers true.
   */
  mayHold(id: number, key: RecordKey): boolean
  /**
   * Where a sealed segment holds this chunk or recipe; null when it does not, or has no index. At
   * most one disk read, none when the index page is cached. `reads` tells how many it took.
   */
  find(
    id: number,
    key: RecordKey,
  ): Promise<{ readonly place: Place | null; readonly reads: number }>
  /**
   * Reads and verifies one record (header CRC, payload CRC, segment id, offset), including one that
   * was appended but not yet written. One disk read when `storedSize` is known or guessed too
   * large by little; a wrong guess costs a second one, never a wrong answer.
   */
  read(place: Place, storedSize?: number): Promise<StoredRecord>
  /**
   * Walks the records of a segment from `from` (default: the first) in order. Verifies payloads
   * only when `payloads` is set. Damage does not end the walk: it is yielded, and the walk resumes
   * at the next record that verifies. Stops before index pages and footer. A segment still being
   * written is walked as far as it is durable.
   */
  scan(id: number, options?: ScanOptions): AsyncIterable<ScanStep>
  /**
   * Makes durable what an earlier process left in a segment found unsealed at start: a power loss
   * could still take what it had written and not synced. To be called before any of that is shown.
   */
  makeDurable(id: number): Promise<void>
  /**
   * Seals a segment found unsealed at start: cuts what lies after `end` (the offset after its last
   * record that counts) and appends the footer. Idempotent; safe at every crash point. A segment
   * this process abandoned is not written again before the next start.
   */
  seal(id: number, end: number, journal?: JournalEnd): Promise<void>
  /** Whether cold segments can be taken off this machine. */
  readonly canShip: boolean
  /**
   * Takes a sealed cold segment off this machine, all but header and footer, and has it read from
   * there. It is proven to be there before it goes from here; when it rejects, it did not go.
   */
  ship(id: number, signal: AbortSignal): Promise<void>
  /**
   * Syncs a finished snapshot, gives it its name (from `firstSequence` of its header) and syncs the
   * folder; durable when it resolves. The writer takes no appends after it. An older snapshot of
   * the same sequence is replaced. A snapshot never published is removed at the next start.
   */
  publishSnapshot(writer: SegmentWriter): Promise<void>
  /** Removes a published snapshot; durable when it resolves. No-op when there is none. */
  removeSnapshot(id: number): Promise<void>
  /**
   * Removes a data or journal segment that nothing needs any more; durable when it resolves. Reads
   * under way finish, later ones reject with `missing-segment`; a writer still open is abandoned.
   * No-op when there is none. When it rejects, the segment is forgotten and its file may be left.
   */
  removeSegment(id: number): Promise<void>
  /**
   * Reads every copy of a segment, where a mirror keeps several, and writes anew what decayed or is
   * missing in one of them, as far as another has it; durable when it resolves. Resolves with the
   * number of pieces written: 0 when all were alike, and where there is one copy only. What no copy
   * has any more, a `scan` tells. To be called for each segment by whoever looks for decay; `spend`
   * is awaited with the bytes read, and ends the work by rejecting.
   */
  mend(id: number, spend?: (size: number) => Promise<void>): Promise<number>
  /** Damage found since start, oldest first; bounded. */
  readonly findings: readonly SegmentFinding[]
}

export interface WriterOptions {
  readonly kind: SegmentKind
  /** One of `tiers`; hot unless it is a data segment. */
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

/**
 * Appends records to one segment. Every method may be called while others are under way.
 *
 * Every rejection is a SegmentError `abandoned` whose `cause` is the file system's error.
 */
export interface SegmentWriter {
  readonly id: number
  /** Whether records can be appended: neither sealed, nor being sealed, nor abandoned. */
  readonly isOpen: boolean
  /** What every call rejects with once the writer was abandoned; null before. */
  readonly failure: Error | null
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
   * file's header and name are durable before the first record reaches it. After a failure every
   * later call rejects with `abandoned`.
   */
  sync(): Promise<void>
  /** Bytes known durable: what `sync` has confirmed; 0 until the file itself is durable. */
  readonly durableSize: number
  /** Syncs, appends index pages, footer and trailer, syncs again. No append may follow. */
  seal(journal?: JournalEnd): Promise<void>
  /** Gives the segment up after a failure: what is durable stays readable. Never throws. */
  abandon(): void
}

/**
 * active: a writer of this process has it. sealed: it has its footer. unsealed: it has not, because
 * its writer was abandoned or its process died. damaged: its header does not verify, so `header`
 * and `createdAt` are zero; its records are read if the nonce can be told from what is left.
 */
export type SegmentState = 'active' | 'sealed' | 'unsealed' | 'damaged'

export interface SegmentInfo {
  readonly id: number
  readonly kind: SegmentKind
  readonly tier: Tier
  readonly state: SegmentState
  /** Whether it lies off this machine, all but header and footer. */
  readonly isAway: boolean
  /** Which writer wrote it; 0 when damaged. */
  readonly lane: number
  /**
   * Bytes of header and records, without index pages and footer. Active, or abandoned by this
   * process: what is durable; otherwise unsealed or damaged: size of the file, whatever its tail.
   */
  readonly dataSize: number
  /** Bytes of chunks and recipes, headers and padding included. Null until it is sealed. */
  readonly storedSize: number | null
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
  /** With `payloads`: only those of this kind. */
  readonly payloadKind?: RecordKind
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
