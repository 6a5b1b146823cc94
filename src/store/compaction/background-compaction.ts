/** Compaction by itself: at intervals, and soon after something was deleted. */

/** Work that is done piece by piece. */
export interface BackgroundWork {
  /** Resolves with false when there is nothing to do now. Rejects only once aborted. */
  step(signal: AbortSignal): Promise<boolean>
  /** No step is under way when it is called. */
  close(): Promise<void>
}

export interface BackgroundOptions {
  /** From the end of one look for dead space to the next. */
  readonly intervalMs: number
  /** From a notice of deletion to a look. */
  readonly noticeDelayMs: number
}

const defaults: BackgroundOptions = { intervalMs: 60_000, noticeDelayMs: 5000 }
/** A look costs time itself: at most one part in this many is spent on looking in vain. */
const IDLE_FACTOR = 20

/** To be started once; runs until it is disposed of. */
export class BackgroundCompaction implements AsyncDisposable {
  readonly #work: BackgroundWork
  readonly #options: BackgroundOptions
  readonly #stopping = new AbortController()
  #running: Promise<void> | null = null
  #isNoticed = false
  #wake: (() => void) | null = null

  constructor(work: BackgroundWork, options: Partial<BackgroundOptions> = {}) {
    this.#work = work
    this.#options = { ...defaults, ...options }
  }

  /** Idempotent. */
  start(): this {
    this.#running ??= this.run(this.#stopping.signal)
    return this
  }

  /** Something was deleted. Cheap; may be called as often as that happens. */
  notice(): void {
    this.#isNoticed = true
    this.#wake?.()
  }

  /** Compacts until aborted. Never rejects: what fails is told to the listener and tried again. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#isNoticed = false
      const startedAt = performance.now()
      try {
        if (await this.#work.step(signal)) continue
      } catch {
        // Only an abort rejects, and then the sleep ends at once.
      }
      const spentMs = performance.now() - startedAt
      await this.#sleep(Math.min(spentMs * IDLE_FACTOR, this.#options.intervalMs), signal)
    }
  }

  /** Ends the step under way, which leaves nothing behind, and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await this.#running
    await this.#work.close()
  }

  /** Ends after the interval, or when a notice has come and its delay is over. */
  async #sleep(delayMinMs: number, signal: AbortSignal): Promise<void> {
    const { intervalMs, noticeDelayMs } = this.#options
    const startedAt = performance.now()
    while (!signal.aborted) {
      const wanted = this.#isNoticed ? Math.min(noticeDelayMs, intervalMs) : intervalMs
      const leftMs = Math.max(wanted, delayMinMs) - (performance.now() - startedAt)
      if (leftMs <= 0) return
      await this.#woken(leftMs, signal)
    }
  }

  /** Resolves after the delay, or before it at the first notice or when aborted. */
  #woken(delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
        this.#wake = null
        resolve()
      }
      const timer = setTimeout(end, delayMs).unref()
      signal.addEventListener('abort', end, { once: true })
      // A second notice would only wake what then waits for the same moment.
      if (!this.#isNoticed) this.#wake = end
    })
  }
}
