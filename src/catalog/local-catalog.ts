/**
 * The catalog of one machine. The journal is the truth; the index is a cache of it.
 *
 * Invariants: a commit is acknowledged when its group is durable in the journal and its rows are
 * applied; checks see every commit submitted before; `get` and `range` see only durable ones.
 */
import type { Clock } from '../platform/clock.ts'
import { endlessRoom, type Room } from '../platform/disk-room.ts'
import type { Segments } from '../segment/segments.ts'
import type {
  Add,
  Catalog,
  CommitBatch,
  CommitResult,
  Entry,
  FeedCommit,
  KeyRange,
} from './catalog.ts'
import type { CatalogIndex } from './catalog-index.ts'
import { addToCounter, isCounter } from './counter.ts'
import { CatalogError } from './errors.ts'
import type { CatalogListener } from './events.ts'
import { readFeed } from './feed.ts'
import { FeedWakers } from './feed-wakers.ts'
import { IndexKeeper } from './index-keeper.ts'
import { decodeJournalStart, journalStartKey } from './journal/journal-start.ts'
import { JournalWriter } from './journal/journal-writer.ts'
import { JournalRelease } from './journal-release.ts'
import { asBuffer, keyText } from './key-text.ts'
import type { KvPosition, KvView, OrderedKv } from './kv/ordered-kv.ts'
import { defaultCatalogOptions, type LocalCatalogOptions } from './local-catalog-options.ts'
import type { Row } from './overlay.ts'
import { PendingRows } from './pending-rows.ts'
import { recover } from './recovery.ts'
import type { PageCodec } from './snapshot/page-codec.ts'
import { SnapshotStock } from './snapshot/snapshot-stock.ts'
import { WaitingCommits } from './waiting-commits.ts'

export interface LocalCatalogParts {
  readonly segments: Segments
  /** Owned by the catalog from here on, also when opening fails. */
  readonly kv: OrderedKv
  readonly clock: Clock
  readonly listener?: CatalogListener
  readonly room?: Room
  /** Of snapshot pages, which are stored as they are without it. */
  readonly codec?: PageCodec
  /** For a repair: whether to open though commits are known to be missing. */
  readonly acceptsLoss?: boolean
  readonly options?: Partial<LocalCatalogOptions>
}

export type { LocalCatalogOptions }

/** Longest key, in bytes. */
const KEY_SIZE_MAX = 1900
const NO_BATCH_PART: readonly never[] = []

/** The catalog of one machine: journal, index in memory and on disk, snapshots. */
export class LocalCatalog implements Catalog {
  readonly #segments: Segments
  readonly #options: LocalCatalogOptions
  readonly #index: CatalogIndex
  readonly #keeper: IndexKeeper
  readonly #journal: JournalWriter<Ticket>
  /** What of the journal can be given up, and when. */
  readonly release: JournalRelease
  readonly #room: Room
  readonly #pending = new PendingRows()
  #pendingSize = 0
  #pendingRowCount = 0
  readonly #waiting = new WaitingCommits()
  readonly #feedWakers = new FeedWakers()
  #isClosed = false
  #closing: Promise<void> | null = null

  private constructor(parts: LocalCatalogParts, index: CatalogIndex, end: KvPosition) {
    const { segments, clock } = parts
    const options = { ...defaultCatalogOptions, ...parts.options }
    const listener = parts.listener ?? (() => {})
    this.#segments = segments
    this.#options = options
    this.#room = parts.room ?? endlessRoom
    this.#index = index
    this.#journal = new JournalWriter<Ticket>({
      segments,
      clock,
      end,
      listener,
      segmentSizeMax: options.segmentSizeMax,
      onDurable: (tickets, newEnd) => this.#onDurable(tickets, newEnd),
      onFailed: (tickets, error) => this.#onFailed(tickets, error),
    })
    const codec = parts.codec ?? null
    const stock = new SnapshotStock({ segments, codec, listener })
    this.#keeper = new IndexKeeper({
      segments,
      index,
      stock,
      codec,
      options,
      listener,
      journalEnd: () => this.#journal.end,
      onRoom: () => this.#admitWaiting(),
    })
    this.release = new JournalRelease({
      segments,
      clock,
      stock,
      retentionMs: options.retentionMs,
      start: () => this.#journalStart,
      journalEnd: () => this.#journal.end,
      flushed: () => index.flushedPosition,
      isRebuilding: () => this.#keeper.isRebuilding,
      roll: () => this.#journal.roll(),
      commit: () => this.commit({}),
      snapshot: async () => {
        await this.flush()
        await this.snapshot()
      },
    })
  }

  /**
   * Recovers: replays what the index has not seen, or rebuilds it. Needs no human.
   *
   * @throws CatalogError, SegmentError
   */
  static async open(parts: LocalCatalogParts): Promise<LocalCatalog> {
    const startedAt = performance.now()
    const { segments, kv } = parts
    const listener = parts.listener ?? (() => {})
    // Nobody waits for anything else yet: fewer and larger transactions are faster.
    const flushRowCount = { ...defaultCatalogOptions, ...parts.options }.flushRowCount * 8
    const { codec = null, acceptsLoss = false } = parts
    const recovery = { segments, listener, flushRowCount, codec, acceptsLoss }
    const recovered = await recover(recovery, kv).catch(async (error) => {
      await kv[Symbol.asyncDispose]()
      throw error
    })
    const { index, end, replayedCommitCount } = recovered
    const catalog = new LocalCatalog(parts, index, end)
    await catalog.#keeper.start()
    const durationMs = performance.now() - startedAt
    listener({ event: 'recovered', sequence: end.sequence, replayedCommitCount, durationMs })
    return catalog
  }

  get sequence(): number {
    return this.#journal.end.sequence
  }

  get isInDoubt(): boolean {
    return this.#journal.isInDoubt
  }

  get(key: Uint8Array): Buffer | null {
    this.#assertOpen()
    try {
      return this.#index.get(key)
    } catch (error) {
      throw this.#readFailed(error)
    }
  }

  peek(key: Uint8Array): { readonly value: Buffer | null; readonly pending: boolean } {
    this.#assertOpen()
    const text = keyText(key)
    const pending = this.#pending.get(text)
    if (pending !== undefined) return { value: pending, pending: true }
    return { value: this.#durable(text, key), pending: false }
  }

  *range(range: KeyRange): Generator<Entry> {
    this.#assertOpen()
    try {
      yield* this.#index.range(range)
    } catch (error) {
      throw this.#readFailed(error)
    }
  }

  async settled(): Promise<void> {
    const waiting = this.#waiting.isEmpty ? null : this.#waiting.settled()
    await this.#journal.settled()
    if (waiting !== null) await waiting
  }

  commit(batch: CommitBatch): Promise<CommitResult> {
    const refusal = this.#refusal()
    if (refusal !== null) return Promise.reject(refusal)
    if (batch.isGrowth === true && this.#room.isShort) return Promise.reject(noRoom())
    if (!this.#waiting.isEmpty || !this.#hasRoom) return this.#waiting.add(batch)
    try {
      return this.#submit(batch)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  feed(since: number, signal: AbortSignal): AsyncIterable<FeedCommit> {
    this.#assertOpen()
    const source = {
      segments: this.#segments,
      start: () => this.#journalStart,
      end: () => this.#journal.end,
      changed: (aborted: AbortSignal) => this.#feedWakers.woken(aborted),
      isClosed: () => this.#isClosed,
    }
    return readFeed(source, since, signal)
  }

  /** Moves every row applied so far into the index; a start after it replays none of them. */
  flush(): Promise<void> {
    return this.#keeper.flush()
  }

  /** All rows as of now, whatever is committed later. To be released. */
  async view(): Promise<KvView> {
    await this.flush()
    return this.#index.view()
  }

  /** Walks the whole index, and has it made anew when it does not hold what it should. */
  check(): Promise<void> {
    return this.#keeper.check()
  }

  /** Writes a snapshot of what was flushed, unless there is one of just that. */
  snapshot(): Promise<void> {
    return this.#keeper.snapshot()
  }

  /** Closes in order: the next start replays nothing. Never rejects. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#isClosed = true
    this.#waiting.rejectAll(closedError())
    await this.#journal.settled()
    this.#feedWakers.wake()
    await this.#keeper.close()
    await this.#journal.close()
    await this.#index.close()
  }

  #submit(batch: CommitBatch): Promise<CommitResult> {
    const { checks = NO_BATCH_PART, attachments = NO_BATCH_PART } = batch
    const { deletes = NO_BATCH_PART, adds = NO_BATCH_PART } = batch
    for (let index = 0; index < checks.length; index++) {
      const { key, expected } = checks[index]!
      if (!sameRow(this.#newest(keyText(key), key), expected)) {
        return Promise.resolve({ committed: false, failedCheck: index })
      }
    }
    for (const key of deletes) assertKey(key)
    const counters = adds.map((add) => this.#counterOf(add))
    const places = attachments.length === 0 ? NO_BATCH_PART : this.#journal.attach(attachments)
    const puts = typeof batch.puts === 'function' ? batch.puts(places) : (batch.puts ?? [])
    for (const { key } of puts) assertKey(key)
    return new Promise((resolve, reject) => {
      const ticket: Ticket = { keys: [], rows: [], size: 0, resolve, reject }
      for (const { payload } of attachments) ticket.size += payload.length
      for (const { key, value } of puts) this.#change(ticket, keyText(key), asBuffer(value))
      for (const key of deletes) this.#change(ticket, keyText(key), null)
      for (const { text, row, delta } of counters) {
        // A put, delete or add of this very batch comes first.
        const newest = this.#pending.get(text)
        this.#change(ticket, text, addToCounter(newest === undefined ? row : newest, delta))
      }
      this.#room.note(ticket.size)
      this.#pendingSize += ticket.size
      this.#pendingRowCount += ticket.keys.length
      this.#journal.submit({ puts, deletes, adds }, ticket)
    })
  }

  #change(ticket: Ticket, text: string, row: Row): void {
    ticket.keys.push(text)
    ticket.rows.push(row)
    ticket.size += text.length + (row?.length ?? 0)
    this.#pending.set(text, row)
  }

  #onDurable(tickets: readonly Ticket[], end: KvPosition): void {
    for (const { keys, rows, size } of tickets) {
      for (let index = 0; index < keys.length; index++) {
        const key = keys[index]!
        this.#index.set(key, rows[index]!)
        this.#pending.settle(key)
      }
      this.#pendingSize -= size
      this.#pendingRowCount -= keys.length
    }
    this.#index.advance(end)
    let sequence = end.sequence - tickets.length
    for (const { resolve } of tickets) resolve({ committed: true, sequence: ++sequence })
    this.#keeper.noteApplied()
    this.#feedWakers.wake()
    this.#admitWaiting()
  }

  /** Everything that is pending was built on what has failed. */
  #onFailed(tickets: readonly Ticket[], error: CatalogError): void {
    this.#pending.clear()
    this.#pendingSize = 0
    this.#pendingRowCount = 0
    for (const { reject } of tickets) reject(error)
    this.#admitWaiting()
  }

  get #journalStart(): number {
    return decodeJournalStart(this.get(journalStartKey))
  }

  get #hasRoom(): boolean {
    if (this.#pendingSize >= this.#options.pendingSizeMax || this.#keeper.isFull) return false
    return !this.#keeper.isBehind(this.#pendingRowCount)
  }

  #refusal(): CatalogError | null {
    if (this.#isClosed) return closedError()
    if (this.#keeper.isFull && this.#keeper.isFailing) {
      return new CatalogError('unavailable', 'the index does not keep up')
    }
    return this.#journal.refusal
  }

  #admitWaiting(): void {
    while (!this.#waiting.isEmpty) {
      const refusal = this.#refusal()
      if (refusal !== null) this.#waiting.rejectAll(refusal)
      else if (this.#hasRoom) this.#waiting.admitOne((batch) => this.#submit(batch))
      else return
    }
  }

  /** Counting commits that are not durable yet. */
  #newest(text: string, key: Uint8Array): Row {
    const pending = this.#pending.get(text)
    return pending === undefined ? this.#durable(text, key) : pending
  }

  #durable(text: string, key: Uint8Array): Row {
    try {
      return this.#index.getText(text, key)
    } catch (error) {
      throw this.#readFailed(error)
    }
  }

  #counterOf({ key, delta }: Add): { readonly text: string; row: Row; delta: number } {
    assertKey(key)
    if (!Number.isSafeInteger(delta)) throw new RangeError('the delta of a counter')
    const text = keyText(key)
    const row = this.#newest(text, key)
    if (!isCounter(row)) throw new TypeError('not a counter')
    return { text, row, delta }
  }

  #readFailed(error: unknown): unknown {
    if (error instanceof CatalogError && error.kind === 'corruption') {
      void this.#keeper.rebuild('a row of the index cannot be read', error)
    }
    return error
  }

  #assertOpen(): void {
    if (this.#isClosed) throw closedError()
  }
}

interface Ticket {
  readonly keys: string[]
  readonly rows: Row[]
  /** In memory, roughly. */
  size: number
  readonly resolve: (result: CommitResult) => void
  readonly reject: (error: Error) => void
}

function sameRow(row: Row, expected: Uint8Array | null): boolean {
  if (row === null || expected === null) return row === expected
  return row.length === expected.length && Buffer.compare(row, expected) === 0
}

function assertKey(key: Uint8Array): void {
  if (key.length < 1 || key.length > KEY_SIZE_MAX) throw new RangeError('the size of a key')
}

function noRoom(): CatalogError {
  return new CatalogError('disk-full', 'only the reserve of the disk is left')
}

function closedError(): CatalogError {
  return new CatalogError('closed', 'the catalog is closed')
}
