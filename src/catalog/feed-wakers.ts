/** Feeds that have read everything and wait for more. */
export class FeedWakers {
  readonly #wakers = new Set<() => void>()

  /** Resolves at the next `wake`, or once aborted. */
  woken(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener('abort', wake)
        this.#wakers.delete(wake)
        resolve()
      }
      signal.addEventListener('abort', wake)
      this.#wakers.add(wake)
    })
  }

  wake(): void {
    if (this.#wakers.size === 0) return
    for (const wake of [...this.#wakers]) wake()
  }
}
