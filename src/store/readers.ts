/**
 * Who is reading bodies at this moment. The rows of a body are looked at once, when reading begins;
 * its blobs may lose their name meanwhile. So the file of a replaced segment stays until everybody
 * has left who came before it was replaced.
 */
export class Readers {
  readonly #inside = new Set<object>()
  readonly #waits = new Set<Wait>()

  get count(): number {
    return this.#inside.size
  }

  /**
   * To be called in the synchronous run that looks at the rows. Answers with what is to be called,
   * once or more often, when nothing more will be read.
   */
  enter(): () => void {
    const reader = {}
    this.#inside.add(reader)
    return () => {
      if (!this.#inside.delete(reader)) return
      for (const wait of this.#waits) {
        if (!wait.left.delete(reader) || wait.left.size > 0) continue
        this.#waits.delete(wait)
        wait.resolve()
      }
    }
  }

  /** Resolves when everybody who is inside now has left. */
  drained(): Promise<void> {
    if (this.#inside.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waits.add({ left: new Set(this.#inside), resolve })
    })
  }
}

interface Wait {
  /** Those who are still inside. */
  readonly left: Set<object>
  readonly resolve: () => void
}
