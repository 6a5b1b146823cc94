/**
 * Lets many pass at a time, or holds them up while one has everything to itself. Passing an open
 * gate costs no turn of the event loop.
 */
export class Gate {
  #insideCount = 0
  #closed: Promise<void> | null = null
  #open: () => void = () => {}
  #whenEmpty: (() => void) | null = null

  /** Runs `action` inside, once the gate is open. */
  async pass<Result>(action: () => Promise<Result>): Promise<Result> {
    while (this.#closed !== null) await this.#closed
    this.#insideCount++
    try {
      return await action()
    } finally {
      this.#insideCount--
      if (this.#insideCount === 0) this.#whenEmpty?.()
    }
  }

  /** Runs `action` while nobody is inside. */
  async alone<Result>(action: () => Promise<Result>): Promise<Result> {
    while (this.#closed !== null) await this.#closed
    this.#closed = new Promise((resolve) => {
      this.#open = resolve
    })
    try {
      if (this.#insideCount > 0) {
        await new Promise<void>((resolve) => {
          this.#whenEmpty = resolve
        })
        this.#whenEmpty = null
      }
      return await action()
    } finally {
      this.#closed = null
      this.#open()
    }
  }
}
