/**
 * Keeps the index below up to date, in the background: flushes rows into it, writes snapshots, and
 * builds its successor when it cannot be trusted. Whatever fails here is tried again: the journal
 * holds everything, and rows wait in memory, up to a bound.
 */
import type { Segments } from '../segment/segments.ts'
import type { CatalogIndex } from './catalog-index.ts'
import { CatalogError } from './errors.ts'
import type { CatalogListener } from './events.ts'
import { checkIndex } from './index-check.ts'
import type { KvPosition } from './kv/ordered-kv.ts'
import { journalStart, rebuild } from './recovery.ts'
import type { PageCodec } from './snapshot/page-codec.ts'
import { type ProvenFrom, proveSnapshot, type SnapshotToProve } from './snapshot/prove-snapshot.ts'
import { listSnapshots } from './snapshot/read-snapshot.ts'
import { readSnapshotEnd } from './snapshot/read-snapshot-end.ts'
import { SNAPSHOT_COUNT, type SnapshotStock } from './snapshot/snapshot-stock.ts'
import { writeSnapshot } from './snapshot/write-snapshot.ts'

export interface IndexKeeperOptions {
  /** Rows in memory at which a flush begins. */
  readonly flushRowCount: number
  /** Longest time a row waits for a flush to begin. */
  readonly flushDelayMs: number
  /** Bytes of rows in memory at which commits wait. */
  readonly memorySizeMax: number
  /**
   * Bytes of commits behind the last snapshot at which the next one is due, if they are more than
   * the last one takes: so snapshots cost a bounded part of all that is written.
   */
  readonly snapshotCommitSizeMin: number
  /** Bytes of journal behind the last snapshot, small blobs and all, that make it due as well. */
  readonly snapshotJournalSizeMin: number
  /** From one check of the whole index to the next; 0: never by itself. */
  readonly checkIntervalMs: number
  /** When false, flushes and snapshots happen only when they are asked for. */
  readonly automatic: boolean
}

export interface IndexKeeperParts {
  readonly segments: Segments
  readonly index: CatalogIndex
  readonly stock: SnapshotStock
  readonly codec: PageCodec | null
  /** Position after the last durable commit. */
  readonly journalEnd: () => KvPosition
  readonly options: IndexKeeperOptions
  readonly listener: CatalogListener
  /** Rows have left the memory, or will not do so soon. */
  readonly onRoom: () => void
}

const RETRY_DELAY_MIN_MS = 100
const RETRY_DELAY_MAX_MS = 30_000
const SNAPSHOT_RETRY_DELAY_MIN_MS = 5000
const SNAPSHOT_RETRY_DELAY_MAX_MS = 600_000
/** Rows that may gather during a flush, in flushes. */
const FLUSH_FACTOR_MAX = 4

export class IndexKeeper {
  readonly #parts: IndexKeeperParts
  readonly #closing = new AbortController()
  #flushTimer: NodeJS.Timeout | null = null
  #flushing: Promise<void> | null = null
  #flushFailureCount = 0
  #snapshot: { readonly done: Promise<void>; readonly abort: AbortController } | null = null
  #lastSnapshot = { sequence: 0, commitSize: 0, size: 0 }
  #snapshotFailureCount = 0
  #snapshotRetryAt = 0
  #rebuilding: Promise<void> | null = null
  #checkTimer: NodeJS.Timeout | null = null
  #checking: Promise<void> | null = null

  constructor(parts: IndexKeeperParts) {
    this.#parts = parts
  }

  /** Takes note of the snapshot that is there. */
  async start(): Promise<void> {
    const { segments, index, options } = this.#parts
    const newest = listSnapshots(segments)[0]
    if (newest !== undefined) {
      const end = await readSnapshotEnd(segments, newest)
      const { sequence, commitSize } = end?.position ?? this.#lastSnapshot
      this.#lastSnapshot = { sequence, commitSize, size: newest.dataSize }
    }
    if (!options.automatic) return
    if (!index.isClean) this.#schedule()
    this.#scheduleCheck()
  }

  /** So much waits in memory that nothing shall be added. */
  get isFull(): boolean {
    return this.#parts.index.memorySize >= this.#parts.options.memorySizeMax
  }

  /**
   * So many rows wait for the next flush that no more shall be added: handing them to the index
   * holds up everything else. An index that fails gets time, and memory, instead.
   */
  isBehind(pendingRowCount: number): boolean {
    const { index, options } = this.#parts
    if (!options.automatic || this.isFailing) return false
    return index.activeRowCount + pendingRowCount >= options.flushRowCount * FLUSH_FACTOR_MAX
  }

  get isRebuilding(): boolean {
    return this.#rebuilding !== null
  }

  /** The index does not take rows at this moment. */
  get isFailing(): boolean {
    return this.#flushFailureCount > 0 || this.#rebuilding !== null
  }

  /** Rows were added in memory. */
  noteApplied(): void {
    if (this.#parts.options.automatic && this.#flushing === null) this.#schedule()
  }

  /** Moves all rows that are in memory now into the index. */
  async flush(): Promise<void> {
    await this.#rebuilding
    // The one under way may have begun before the newest rows came.
    await this.#flushing?.catch(() => {})
    await this.#flushNow()
  }

  /** Writes a snapshot of what the index below holds, unless there is one of just that. */
  async snapshot(): Promise<void> {
    // What a rebuild reads of the journal must not be given up under it.
    await this.#rebuilding
    this.#snapshot ??= this.#beginSnapshot()
    await this.#snapshot.done
  }

  /**
   * Walks the whole index and compares it with what it counts; one that does not hold what it
   * should is made anew. Writes snapshots when fewer than two verify. Never rejects.
   */
  check(): Promise<void> {
    this.#checking ??= this.#checkOnce().finally(() => {
      this.#checking = null
    })
    return this.#checking
  }

  /** Builds the index anew in the background. Never rejects. */
  rebuild(reason: string, cause: unknown): Promise<void> {
    this.#rebuilding ??= this.#rebuildUntilDone(reason, cause).finally(() => {
      this.#rebuilding = null
      this.#afterFlush()
    })
    return this.#rebuilding
  }

  /** Stops the background, then flushes once more. Never rejects. */
  async close(): Promise<void> {
    this.#closing.abort()
    if (this.#flushTimer !== null) clearTimeout(this.#flushTimer)
    if (this.#checkTimer !== null) clearTimeout(this.#checkTimer)
    this.#snapshot?.abort.abort()
    await this.#snapshot?.done.catch(() => {})
    await this.#checking
    await this.#rebuilding
    await this.#flushing?.catch(() => {})
    // What cannot be flushed now is replayed at the next start.
    await this.#flushNow().catch(() => {})
  }

  #schedule(): void {
    const { index, options } = this.#parts
    if (this.#closing.signal.aborted || this.#rebuilding !== null) return
    const isUrgent = index.activeRowCount >= options.flushRowCount && this.#flushFailureCount === 0
    if (isUrgent) {
      if (this.#flushTimer !== null) clearTimeout(this.#flushTimer)
      this.#flushTimer = null
      void this.#flushNow().catch(() => {})
    } else {
      this.#flushTimer ??= setTimeout(() => {
        this.#flushTimer = null
        void this.#flushNow().catch(() => {})
      }, this.#delayMs()).unref()
    }
  }

  #delayMs(): number {
    if (this.#flushFailureCount === 0) return this.#parts.options.flushDelayMs
    const delay = RETRY_DELAY_MIN_MS * 2 ** this.#flushFailureCount
    return Math.min(delay, RETRY_DELAY_MAX_MS)
  }

  /** Rows wait for a rebuild to end: what the old index got meanwhile would go with it. */
  #flushNow(): Promise<void> {
    if (this.#rebuilding !== null) return this.#rebuilding.then(() => this.#flushNow())
    this.#flushing ??= this.#flushOnce().finally(() => {
      this.#flushing = null
      this.#afterFlush()
    })
    return this.#flushing
  }

  async #flushOnce(): Promise<void> {
    const { index, listener } = this.#parts
    const startedAt = performance.now()
    try {
      const rowCount = await index.flush()
      this.#flushFailureCount = 0
      listener({ event: 'flushed', rowCount, durationMs: performance.now() - startedAt })
    } catch (cause) {
      this.#flushFailureCount++
      listener({ event: 'flushFailed', cause })
      if (isCorruption(cause)) void this.rebuild('the index refused rows', cause)
      throw cause
    }
  }

  #afterFlush(): void {
    const { index, options, onRoom } = this.#parts
    onRoom()
    if (!options.automatic || this.#closing.signal.aborted) return
    if (!index.isClean) this.#schedule()
    if (this.#isSnapshotDue()) void this.snapshot().catch(() => {})
  }

  #isSnapshotDue(): boolean {
    if (this.#snapshot !== null || this.#rebuilding !== null) return false
    if (performance.now() < this.#snapshotRetryAt) return false
    const { commitSize, size } = this.#lastSnapshot
    const { index, options } = this.#parts
    const behind = (index.flushedPosition?.commitSize ?? 0) - commitSize
    if (behind <= size) return false
    if (behind > options.snapshotCommitSizeMin) return true
    return this.#journalSizeBehind() > options.snapshotJournalSizeMin
  }

  /** Bytes of journal segments begun since the last snapshot; the first one of them is left out. */
  #journalSizeBehind(): number {
    const { sequence } = this.#lastSnapshot
    let size = 0
    for (const { header, dataSize } of this.#parts.segments.list('journal')) {
      if (header.firstSequence > sequence) size += dataSize
    }
    return size
  }

  #beginSnapshot(): { done: Promise<void>; abort: AbortController } {
    const abort = new AbortController()
    const done = this.#writeSnapshot(abort.signal).finally(() => {
      this.#snapshot = null
    })
    return { done, abort }
  }

  async #writeSnapshot(signal: AbortSignal): Promise<void> {
    const { segments, index, listener, stock, codec } = this.#parts
    const startedAt = performance.now()
    // Not before `#snapshot` is set: everything from here on may end at once.
    await null
    const view = index.view()
    try {
      if (view.position === null || view.position.sequence <= this.#lastSnapshot.sequence) return
      const prove = (written: SnapshotToProve) => {
        // The index shall not keep old pages for it any longer.
        view.release()
        return this.#prove(written, signal)
      }
      const target = { segments, codec, prove }
      const { position, entryCount, size } = await writeSnapshot(target, view, signal)
      const { sequence, commitSize } = position
      this.#lastSnapshot = { sequence, commitSize, size }
      this.#snapshotFailureCount = 0
      const durationMs = performance.now() - startedAt
      listener({ event: 'snapshotWritten', sequence, entryCount, size, durationMs })
      await stock.prune()
    } catch (cause) {
      if (signal.aborted) return
      // It costs as much as one that succeeds, and a full disk stays full for a while.
      const delay = SNAPSHOT_RETRY_DELAY_MIN_MS * 2 ** this.#snapshotFailureCount++
      this.#snapshotRetryAt = performance.now() + Math.min(delay, SNAPSHOT_RETRY_DELAY_MAX_MS)
      listener({ event: 'snapshotFailed', cause })
      if (isCorruption(cause)) void this.rebuild('the index cannot be read', cause)
      throw cause
    } finally {
      view.release()
    }
  }

  /** @throws CatalogError `corruption` when it is not what the journal says */
  async #prove(written: SnapshotToProve, signal: AbortSignal): Promise<void> {
    const { segments, codec, stock } = this.#parts
    const [newest] = await stock.newest()
    const isBase = newest !== undefined && newest.end.position.sequence < written.position.sequence
    const from: ProvenFrom = {
      snapshot: isBase ? newest.info : null,
      position: isBase ? newest.end.position : journalStart,
    }
    const proof = await proveSnapshot({ segments, codec, signal }, from, written)
    if (proof !== 'wrong') return
    throw new CatalogError('corruption', 'the index does not hold what the journal says')
  }

  async #rebuildUntilDone(reason: string, cause: unknown): Promise<void> {
    const { listener } = this.#parts
    listener({ event: 'rebuildStarted', reason, cause })
    for (let attempt = 0; !this.#closing.signal.aborted; attempt++) {
      try {
        await this.#rebuildOnce()
        return
      } catch (failure) {
        listener({ event: 'rebuildFailed', cause: failure })
        await this.#pause(Math.min(RETRY_DELAY_MIN_MS * 2 ** attempt, RETRY_DELAY_MAX_MS))
      }
    }
  }

  async #rebuildOnce(): Promise<void> {
    const { segments, index, options, listener, journalEnd, codec } = this.#parts
    const startedAt = performance.now()
    this.#snapshot?.abort.abort()
    await this.#snapshot?.done.catch(() => {})
    await this.#flushing?.catch(() => {})
    const fresh = await index.successor()
    try {
      const { flushRowCount } = options
      const { signal } = this.#closing
      const { sequence } = journalEnd()
      const parts = { segments, listener, flushRowCount, signal, codec, acceptsLoss: false }
      await rebuild(parts, fresh, sequence)
      // Rows in memory go back no further than what this index had: none may be left out.
      if ((fresh.position?.sequence ?? 0) < sequence) {
        throw new CatalogError('corruption', `the journal cannot be read up to commit ${sequence}`)
      }
      await index.replace(fresh)
      this.#flushFailureCount = 0
      listener({ event: 'rebuilt', sequence, durationMs: performance.now() - startedAt })
    } catch (error) {
      await fresh[Symbol.asyncDispose]()
      throw error
    }
  }

  #scheduleCheck(): void {
    const { checkIntervalMs } = this.#parts.options
    if (checkIntervalMs === 0 || this.#closing.signal.aborted) return
    this.#checkTimer = setTimeout(() => {
      void this.check().then(() => this.#scheduleCheck())
    }, checkIntervalMs).unref()
  }

  async #checkOnce(): Promise<void> {
    const { segments, index, listener, stock } = this.#parts
    const { signal } = this.#closing
    await this.#rebuilding
    const startedAt = performance.now()
    const view = index.view()
    try {
      const entryCount = await checkIndex(view, signal)
      listener({ event: 'indexChecked', entryCount, durationMs: performance.now() - startedAt })
    } catch (cause) {
      if (isCorruption(cause)) void this.rebuild('the index does not hold what it should', cause)
    } finally {
      view.release()
    }
    try {
      const wanted = Math.min(SNAPSHOT_COUNT, listSnapshots(segments).length)
      const verified = await stock.verifyNewest()
      if (verified.length === wanted) return
      const sequence = verified[0]?.end.position.sequence ?? 0
      this.#lastSnapshot = { ...this.#lastSnapshot, sequence }
      await this.snapshot()
    } catch {
      // Told by the snapshot itself, and tried again at the next check.
    }
  }

  #pause(delayMs: number): Promise<void> {
    const { signal } = this.#closing
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, delayMs).unref()
      signal.addEventListener(
        'abort',
        () => {
          clearTimeout(timer)
          resolve()
        },
        { once: true },
      )
    })
  }
}

function isCorruption(cause: unknown): boolean {
  return cause instanceof CatalogError && cause.kind === 'corruption'
}
