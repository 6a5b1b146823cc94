/**
 * Group commit. Commits that arrive while a group is being synced gather in the next one; a group
 * is one write: its attachments, then one commit record for all of it.
 *
 * Invariants: a group is handed to the disk only after the one before it is durable; after a
 * failure everything pending is rejected, and the next segment's header ends the failed one at the
 * last durable commit, so that nothing that failed can come back behind something acknowledged.
 */
import type { Clock } from '../../platform/clock.ts'
import { errnoOf } from '../../platform/file-system.ts'
import type { Segments, SegmentWriter } from '../../segment/segments.ts'
import { type Place, type RecordInput, recordSpan } from '../../segment/types.ts'
import { CatalogError } from '../errors.ts'
import type { CatalogListener } from '../events.ts'
import type { KvPosition } from '../kv/ordered-kv.ts'
import { CommitEncoder, type CommitItem, chainAfter } from './commit-record.ts'

export interface JournalWriterParts<Ticket> {
  readonly segments: Segments
  readonly clock: Clock
  /** The end of what is durable: where the journal goes on. */
  readonly end: KvPosition
  /** A segment that has reached this size takes no further group. */
  readonly segmentSizeMax: number
  readonly listener: CatalogListener
  /** The group is durable. Its commits have the sequences that end with `end.sequence`. */
  readonly onDurable: (tickets: readonly Ticket[], end: KvPosition) => void
  /** Neither these nor anything submitted since will be durable. */
  readonly onFailed: (tickets: readonly Ticket[], error: CatalogError) => void
}

/** Waits between attempts while every attempt fails, so that a full disk is not hammered. */
const RETRY_DELAY_MIN_MS = 20
const RETRY_DELAY_MAX_MS = 1000

export class JournalWriter<Ticket> {
  readonly #parts: JournalWriterParts<Ticket>
  #end: KvPosition
  #writer: SegmentWriter | null = null
  #gathering: Group<Ticket> | null = null
  #inFlight: Group<Ticket> | null = null
  #isScheduled = false
  #isRollAsked = false
  #idleEncoder: CommitEncoder | null = null
  /** Full, and to be sealed as soon as its last group is durable. */
  #retired: SegmentWriter | null = null
  readonly #sealings = new Set<Promise<void>>()
  #waiters: { readonly group: Group<Ticket>; readonly resolve: () => void }[] = []
  #failureCount = 0
  #retryAt = 0
  #lastError: CatalogError | null = null

  constructor(parts: JournalWriterParts<Ticket>) {
    this.#parts = parts
    this.#end = parts.end
  }

  /** Position after the last durable commit. */
  get end(): KvPosition {
    return this.#end
  }

  /** What failed lies in a segment that no durable header of a later one has cut off yet. */
  get isInDoubt(): boolean {
    return this.#lastError !== null
  }

  /** Why nothing can be submitted at this moment, or null. */
  get refusal(): CatalogError | null {
    return this.#lastError !== null && performance.now() < this.#retryAt ? this.#lastError : null
  }

  /**
   * Gives attachments their places in the group that is gathering. They follow its fate.
   *
   * @throws CatalogError
   */
  attach(records: readonly RecordInput[]): readonly Place[] {
    const { writer } = this.#open()
    // Failed, and this journal is about to be told.
    if (writer.failure !== null) throw journalError(writer.failure)
    return records.map((record) => writer.append(record))
  }

  /** Adds a commit to the group that is gathering. `ticket` comes back once its fate is known. */
  submit(item: CommitItem, ticket: Ticket): void {
    const group = this.#open()
    group.encoder.add(item)
    group.tickets.push(ticket)
    if (this.#inFlight !== null || this.#isScheduled) return
    this.#isScheduled = true
    // After this turn of the event loop: what the same turn brings in shares the sync.
    setImmediate(() => {
      this.#isScheduled = false
      if (this.#inFlight === null) this.#flush()
    })
  }

  /** Resolves when every commit submitted before the call is durable or rejected. */
  settled(): Promise<void> {
    const isEmpty = this.#gathering === null || this.#gathering.tickets.length === 0
    const group = isEmpty ? this.#inFlight : this.#gathering
    if (group === null) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiters.push({ group, resolve })
    })
  }

  /** The next group that is begun opens a new segment, and the one in use is sealed. */
  roll(): void {
    this.#isRollAsked = true
  }

  /** Seals the segment in use. Nothing may be submitted any more. */
  async close(): Promise<void> {
    await this.settled()
    // Attachments whose commit never came are sealed with the rest: garbage that nothing names.
    this.#gathering = null
    if (this.#writer !== null) this.#seal(this.#writer)
    this.#writer = null
    await Promise.all(this.#sealings)
  }

  /** The group that gathers, begun if there is none. No I/O. */
  #open(): Group<Ticket> {
    if (this.#gathering !== null) return this.#gathering
    const isFull = (this.#writer?.size ?? 0) >= this.#parts.segmentSizeMax
    if (this.#writer !== null && (isFull || this.#isRollAsked)) {
      this.#retired = this.#writer
      this.#writer = null
      if (this.#inFlight === null) this.#sealRetired()
    }
    this.#isRollAsked = false
    this.#writer ??= this.#createWriter()
    const encoder = this.#idleEncoder ?? new CommitEncoder()
    this.#idleEncoder = null
    this.#gathering = { writer: this.#writer, encoder, start: this.#writer.size, tickets: [] }
    return this.#gathering
  }

  #createWriter(): SegmentWriter {
    return this.#parts.segments.createWriter({
      kind: 'journal',
      // Asked when the first group is written: by then the group before it is durable.
      chain: () => ({
        previousSegment: this.#end.segment,
        previousEnd: this.#end.offset,
        firstSequence: this.#end.sequence + 1,
        chain: this.#end.chain,
      }),
    })
  }

  #flush(): void {
    const group = this.#gathering
    if (group === null || group.tickets.length === 0) return
    this.#gathering = null
    this.#inFlight = group
    const startedAt = performance.now()
    try {
      const end = this.#appendCommit(group)
      group.writer.sync().then(
        () => this.#succeeded(group, end, startedAt),
        (error) => this.#failed(group, error),
      )
    } catch (error) {
      // Not at once: the group before this one may not have been announced yet.
      queueMicrotask(() => this.#failed(group, error))
    }
  }

  #appendCommit({ writer, encoder, start }: Group<Ticket>): KvPosition {
    const { segments, clock } = this.#parts
    const firstSequence = this.#end.sequence + 1
    const payload = encoder.finish({
      firstSequence,
      nextSegmentId: segments.nextId,
      committedAt: clock.now(),
      chain: this.#end.chain,
      groupStart: start,
    })
    const blob = { segment: firstSequence % 2 ** 32, offset: Math.floor(firstSequence / 2 ** 32) }
    const record = { kind: 'commit', codec: 'none', blob, number: 0 } as const
    const place = writer.append({ ...record, rawSize: payload.length, payload })
    return {
      sequence: this.#end.sequence + encoder.itemCount,
      segment: place.segment,
      recordOffset: place.offset,
      offset: place.offset + recordSpan(payload.length),
      chain: chainAfter(payload),
      commitSize: this.#end.commitSize + payload.length,
    }
  }

  #succeeded(group: Group<Ticket>, end: KvPosition, startedAt: number): void {
    const commitSize = end.commitSize - this.#end.commitSize
    const syncMs = performance.now() - startedAt
    this.#end = end
    this.#inFlight = null
    this.#lastError = null
    this.#failureCount = 0
    // The bytes are on the disk: the next group but one may have the buffer.
    group.encoder.reset()
    this.#idleEncoder = group.encoder
    if (this.#retired === group.writer) this.#sealRetired()
    // First the disk, then the callers: the next group is written while they are answered.
    this.#flush()
    const { onDurable, listener } = this.#parts
    onDurable(group.tickets, end)
    this.#release(group)
    listener({ event: 'group', commitCount: group.tickets.length, commitSize, syncMs })
  }

  #failed(group: Group<Ticket>, cause: unknown): void {
    const next = this.#gathering
    const tickets = next === null ? group.tickets : [...group.tickets, ...next.tickets]
    this.#inFlight = null
    this.#gathering = null
    this.#writer = null
    group.writer.abandon()
    next?.writer.abandon()
    // What was durable in it stays; the next start seals it.
    this.#retired = null
    this.#failureCount++
    // The first failure may be of the file: a new one is tried at once.
    const delay = RETRY_DELAY_MIN_MS * 2 ** (this.#failureCount - 2)
    this.#retryAt =
      this.#failureCount < 2 ? 0 : performance.now() + Math.min(delay, RETRY_DELAY_MAX_MS)
    const error = journalError(cause)
    this.#lastError = error
    this.#parts.onFailed(tickets, error)
    this.#release(group)
    if (next !== null) this.#release(next)
    this.#parts.listener({ event: 'groupFailed', commitCount: tickets.length, cause })
  }

  #release(group: Group<Ticket>): void {
    if (this.#waiters.length === 0) return
    const waiters = this.#waiters
    this.#waiters = waiters.filter((waiter) => waiter.group !== group)
    for (const waiter of waiters) if (waiter.group === group) waiter.resolve()
  }

  #sealRetired(): void {
    if (this.#retired !== null) this.#seal(this.#retired)
    this.#retired = null
  }

  /** In the background; `#end` lies in this segment, or before it when it holds no commit. */
  #seal(writer: SegmentWriter): void {
    const { listener } = this.#parts
    const end = { sequence: this.#end.sequence + 1, chain: this.#end.chain }
    const sealing: Promise<void> = writer
      .seal(end)
      .then(
        () => listener({ event: 'segmentSealed', segment: writer.id }),
        (cause) => listener({ event: 'sealFailed', segment: writer.id, cause }),
      )
      .finally(() => this.#sealings.delete(sealing))
    this.#sealings.add(sealing)
  }
}

interface Group<Ticket> {
  readonly writer: SegmentWriter
  readonly encoder: CommitEncoder
  /** Offset of the group's first record. */
  readonly start: number
  readonly tickets: Ticket[]
}

/** The errno of a failed write lies in the cause of the segment floor's error. */
export function journalError(cause: unknown): CatalogError {
  const code = errnoOf(cause instanceof Error && cause.cause !== undefined ? cause.cause : cause)
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new CatalogError('disk-full', 'no room for the journal', { cause })
  }
  return new CatalogError('unavailable', 'the journal was not written', { cause })
}
