/**
 * Which journal segments nobody needs as journal any more, so that what lives in them may move.
 *
 * Invariants: what is released is held by the two newest snapshots that verify, both of this very
 * journal, and by the index, durably; the feed's retention is over; and the row that says where the
 * journal begins is part of the commit that replaces the files, so that recovery tells what was
 * given up from what is missing.
 */
import type { Clock } from '../platform/clock.ts'
import type { SegmentInfo, Segments } from '../segment/segments.ts'
import type { Put } from './catalog.ts'
import { chainAfter } from './journal/commit-record.ts'
import { type JournalPart, journalOrder } from './journal/journal-order.ts'
import { journalStartPut } from './journal/journal-start.ts'
import type { KvPosition } from './kv/ordered-kv.ts'
import { listSnapshots } from './snapshot/read-snapshot.ts'
import type { SnapshotStock, VerifiedSnapshot } from './snapshot/snapshot-stock.ts'

export interface JournalBacklog {
  /** Ids of segments that the older of two snapshots does not cover. */
  readonly segments: readonly number[]
  /** Bytes of commit records in them. */
  readonly commitSize: number
  /** Bytes that the snapshots of a checkpoint would take, as far as can be told. */
  readonly checkpointSize: number
}

export interface JournalReleaseParts {
  readonly segments: Segments
  readonly clock: Clock
  readonly stock: SnapshotStock
  /** For how long a segment is kept after the next one was begun, for feeds. */
  readonly retentionMs: number
  readonly start: () => number
  readonly journalEnd: () => KvPosition
  /** Of what the index has durably. */
  readonly flushed: () => KvPosition | null
  readonly isRebuilding: () => boolean
  readonly roll: () => void
  /** An empty commit. */
  readonly commit: () => Promise<unknown>
  /** Flushes the index and writes a snapshot of it. */
  readonly snapshot: () => Promise<void>
}

/** Enough for the steps of one compaction to share one reading of the snapshots. */
const VERIFIED_FOR_MS = 60_000
/** Groups that may still go into the segment in use after a roll was asked for. */
const ROLL_COMMITS_MAX = 3

/** What compaction asks of a catalog that keeps its journal in segments. */
export class JournalRelease {
  readonly #parts: JournalReleaseParts
  /** Snapshots of which it is known whether they are of this journal; by segment id. */
  readonly #fits = new Map<number, boolean>()
  #verifiedAt = Number.NEGATIVE_INFINITY

  constructor(parts: JournalReleaseParts) {
    this.#parts = parts
  }

  /** Sequence of the first commit that the journal must hold. */
  get start(): number {
    return this.#parts.start()
  }

  /** Sealed segments that can be replaced, oldest first. Reads snapshots whole to be sure. */
  async releasable(): Promise<readonly SegmentInfo[]> {
    const { segments, clock, retentionMs, flushed, isRebuilding } = this.#parts
    if (isRebuilding() || !this.#mayCover()) return []
    const covered = (await this.#coveredSequence()) ?? 0
    const position = flushed()
    // Asked again: a rebuild may have begun while the snapshots were read.
    if (position === null || isRebuilding()) return []
    const bound = Math.min(covered, position.sequence)
    const begunBefore = clock.now() - retentionMs
    const isOver = (part: JournalPart, next: JournalPart | undefined) =>
      part.info.state === 'sealed' &&
      part.info.id !== position.segment &&
      lastSequence(part) <= bound &&
      next !== undefined &&
      next.info.state !== 'damaged' &&
      next.info.createdAt <= begunBefore
    const order = journalOrder(segments)
    return order.filter((part, index) => isOver(part, order[index + 1])).map(({ info }) => info)
  }

  /** To be put by the very commit that replaces these, which came from `releasable`. */
  startPut(released: readonly SegmentInfo[]): Put {
    const ends = released.map(({ end }) => end?.sequence ?? 0)
    return journalStartPut(Math.max(this.start, ...ends))
  }

  /** What a checkpoint would make releasable, and what it would cost. */
  async backlog(): Promise<JournalBacklog> {
    const { segments, stock, journalEnd } = this.#parts
    const covering = (await stock.newest())[1] ?? null
    const position = covering?.end.position ?? null
    const ids = journalOrder(segments)
      .filter((part) => part.isLast || lastSequence(part) > (position?.sequence ?? 0))
      .map(({ info }) => info.id)
    return {
      segments: ids,
      commitSize: journalEnd().commitSize - (position?.commitSize ?? 0),
      checkpointSize: (covering?.info.dataSize ?? 0) * 2,
    }
  }

  /**
   * Begins a new journal segment and writes snapshots, so that every segment before it can be
   * released once the retention is over.
   *
   * @throws CatalogError, SegmentError, the signal's reason
   */
  async checkpoint(signal: AbortSignal): Promise<void> {
    const { roll, commit, snapshot, journalEnd } = this.#parts
    const { segment } = journalEnd()
    roll()
    for (let count = 0; count < ROLL_COMMITS_MAX; count++) {
      await commit()
      if (journalEnd().segment !== segment) break
    }
    signal.throwIfAborted()
    await snapshot()
    signal.throwIfAborted()
    // Another sequence: else it would be the same snapshot.
    await commit()
    await snapshot()
  }

  /** The last commit that two snapshots hold; null while there are not two that verify. */
  async #coveredSequence(): Promise<number | null> {
    const newest = await this.#verified()
    const older = newest[1]
    if (older === undefined) return null
    for (const { info, end } of newest) {
      const fits = this.#fits.get(info.id) ?? (await this.#isOfThisJournal(end.position))
      this.#fits.set(info.id, fits)
      if (!fits) return null
    }
    return older.end.position.sequence
  }

  /** By what the names of snapshots say: without reading one. */
  #mayCover(): boolean {
    const { segments } = this.#parts
    const older = listSnapshots(segments)[1]?.header.firstSequence ?? 0
    return journalOrder(segments).some((part) => !part.isLast && lastSequence(part) <= older)
  }

  /** Read anew, for they may have decayed since they were written. */
  #verified(): Promise<readonly VerifiedSnapshot[]> {
    const { stock } = this.#parts
    const now = performance.now()
    if (now - this.#verifiedAt < VERIFIED_FOR_MS) return stock.newest()
    this.#verifiedAt = now
    return stock.verifyNewest()
  }

  /** Whether the journal has the very commit that a snapshot says it ends with. */
  async #isOfThisJournal(position: KvPosition): Promise<boolean> {
    const { segments } = this.#parts
    if (!segments.has(position.segment)) return position.sequence < this.start
    const place = { segment: position.segment, offset: position.recordOffset }
    try {
      const { header, payload } = await segments.read(place)
      if (header.kind !== 'commit') return false
      return Buffer.compare(chainAfter(payload), position.chain) === 0
    } catch {
      return false
    }
  }
}

/** Of the last commit that counts in it. */
function lastSequence({ info, sequenceLimit }: JournalPart): number {
  const end = info.end?.sequence ?? Number.POSITIVE_INFINITY
  return Math.min(end, sequenceLimit) - 1
}
