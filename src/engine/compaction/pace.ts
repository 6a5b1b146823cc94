/** Holds background work to a rate, and lets requests go first. */

export interface PaceOptions {
  /** 0: as fast as it goes. */
  readonly bytesPerSecond: number
  /** Whether requests are under way: the work then goes on at a quarter of its rate. */
  readonly isBusy: () => boolean
}

/** Bytes after which the work gives way. */
const SLICE_SIZE = 256 * 1024
const BUSY_FACTOR = 4

/** The speed of one piece of background work, kept over all of its steps. */
export class Pace {
  readonly #options: PaceOptions
  #unpaid = 0
  #sliceStartedAt = performance.now()

  constructor(options: PaceOptions) {
    this.#options = options
  }

  /**
   * To be awaited with every piece of work done. Rejects with the signal's reason once aborted.
   */
  async spend(size: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    this.#unpaid += size
    if (this.#unpaid < SLICE_SIZE) return
    const spentMs = performance.now() - this.#sliceStartedAt
    const { bytesPerSecond, isBusy } = this.#options
    const factor = isBusy() ? BUSY_FACTOR : 1
    const rate = bytesPerSecond === 0 ? Number.POSITIVE_INFINITY : bytesPerSecond / factor
    const owedMs = (this.#unpaid / rate) * 1000 - spentMs
    // Without a rate, requests still get as much time as the work takes.
    const politeMs = factor > 1 ? Math.min(spentMs, 50) : 0
    await pause(Math.max(owedMs, politeMs, 0), signal)
    this.#unpaid = 0
    this.#sliceStartedAt = performance.now()
  }
}

/** Lets the event loop turn at least once. Rejects with the signal's reason once aborted. */
export function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    if (delayMs < 1) return void setImmediate(resolve)
    const onAbort = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }, delayMs)
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
