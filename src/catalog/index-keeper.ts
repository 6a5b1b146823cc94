/**
 * Keeps the index below up to date, in the background: flushes rows into it, writes snapshots, and
 * builds its successor when it cannot be trusted. Whatever fails here is tried again: the journal
 * holds everything, and rows wait in memory, up to a bound.
 */
import type { Segments } from '../segment/segments.ts'
import type { CatalogIndex } from './catalog-index.ts'
import { CatalogError } from './errors.ts'
import type { CatalogListener } from './events.ts'
import type { KvPosition } from './kv/ordered-kv.ts'
import { rebuild } from './recovery.ts'
import { listSnapshots } from './snapshot/read-snapshot.ts'
import { readSnapshotEnd } from './snapshot/read-snapshot-end.ts'
import { writeSnapshot } from './snapshot/write-snapshot.ts'

export interface IndexKeeperOptions {
  /** Rows in memory at which a flush begins. */
  readonly flushRowCount: number
  /** Longest time a row waits for a flush to begin. */
  readonly flushDelayMs: number
  /** Bytes of rows in memory at which commits wait. */
  readonly memorySizeMax: number
  /** Least bytes of commits between two snapshots. */
  readonly snapshotCommitSizeMin: number
  /** When false, flushes and snapshots happen only when they are asked for. */
  readonly automatic: boolean
}

export interface IndexKeeperParts {
  readonly segments: Segments
  readonly index: CatalogIndex
  /** Position after the last durable commit. */
  readonly journalEnd: () => KvPosition
  readonly options: IndexKeeperOptions
  readonly listener: CatalogListener
  /** Rows have left the memory, or will not do so soon. */
  readonly onRoom: () => void
}

const RETRY_DELAY_MIN_MS = 100
const RETRY_DELAY_MAX_MS = 30_000
const SNAPSHOT_COUNT = 2
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
  #rebuilding: Promise<void> | null = null

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
    if (options.automatic && !index.isClean) this.#schedule()
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
  snapshot(): Promise<void> {
    this.#snapshot ??= this.#beginSnapshot()
    return this.#snapshot.done
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
    this.#snapshot?.abort.abort()
    await this.#snapshot?.done.catch(() => {})
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
    const { commitSize, size } = this.#lastSnapshot
    const behind = (this.#parts.index.flushedPosition?.commitSize ?? 0) - commitSize
    return behind > Math.max(this.#parts.options.snapshotCommitSizeMin, size / 2)
  }

  #beginSnapshot(): { done: Promise<void>; abort: AbortController } {
    const abort = new AbortController()
    const done = this.#writeSnapshot(abort.signal).finally(() => {
      this.#snapshot = null
    })
    return { done, abort }
  }

  async #writeSnapshot(signal: AbortSignal): Promise<void> {
    const { segments, index, listener } = this.#parts
    const startedAt = performance.now()
    // Not before `#snapshot` is set: everything from here on may end at once.
    await null
    const view = index.view()
    try {
      if (view.position === null || view.position.sequence <= this.#lastSnapshot.sequence) return
      const { position, entryCount, size } = await writeSnapshot(segments, view, signal)
      const { sequence, commitSize } = position
      this.#lastSnapshot = { sequence, commitSize, size }
      const durationMs = performance.now() - startedAt
      listener({ event: 'snapshotWritten', sequence, entryCount, size, durationMs })
      for (const old of listSnapshots(segments).slice(SNAPSHOT_COUNT)) {
        await segments.removeSnapshot(old.id)
      }
    } catch (cause) {
      if (signal.aborted) return
      listener({ event: 'snapshotFailed', cause })
      if (isCorruption(cause)) void this.rebuild('the index cannot be read', cause)
      throw cause
    } finally {
      view.release()
    }
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
    const { segments, index, options, listener, journalEnd } = this.#parts
    const startedAt = performance.now()
    this.#snapshot?.abort.abort()
    await this.#snapshot?.done.catch(() => {})
    await this.#flushing?.catch(() => {})
    const fresh = await index.successor()
    try {
      const { flushRowCount } = options
      const { signal } = this.#closing
      const { sequence } = journalEnd()
      await rebuild({ segments, listener, flushRowCount, signal }, fresh, sequence)
      await index.replace(fresh)
      this.#flushFailureCount = 0
      listener({ event: 'rebuilt', sequence, durationMs: performance.now() - startedAt })
    } catch (error) {
      await fresh[Symbol.asyncDispose]()
      throw error
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
