/** So that the first of very many does not wait for all of them. */
const GATHERED_MAX = 64

/**
 * Gathers what wakes a client, until everything that has arrived by now was worked on (or 64 of
 * them were): the replies go out one after the other. For each client that waits alone the system
 * interrupts another core to wake it, which took a quarter of the time of a small GET. Measured
 * with 4 KiB and 64 requests in flight on two cores: 1.6 times as many GETs a second.
 */
export class EndOfTurn {
  #gathered: (() => void)[] = []

  /** Resolves before the event loop takes in anything new, in the order of the calls. */
  come(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#gathered.push(resolve) === 1) setImmediate(() => this.#end())
      else if (this.#gathered.length >= GATHERED_MAX) this.#end()
    })
  }

  #end(): void {
    const gathered = this.#gathered
    this.#gathered = []
    for (const resolve of gathered) resolve()
  }
}
