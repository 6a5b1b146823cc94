/**
 * One thing a store keeps (a bucket, the object under a key, an upload, a part) as a client can
 * know it: the values it may have now. Writes that overlap may have happened in any order, and a
 * write that has no answer yet, or failed, may or may not have happened.
 */
export class Cell<Value> {
  #settled: readonly Value[]
  /** Values of the writes that overlap now, whether answered or not. */
  #written: Value[] = []
  /** Those of them that were made of what is settled: they go when that is replaced. */
  #derived: Value[] = []
  #pendingCount = 0
  #isFailed = false

  constructor(value: Value) {
    this.#settled = [value]
  }

  /** Every value that a reader, now or after a crash, may find. */
  get possible(): readonly Value[] {
    return [...this.#settled, ...this.#written]
  }

  /** The only possible value, or undefined. */
  get certain(): Value | undefined {
    const { possible } = this
    return possible.length === 1 ? possible[0] : undefined
  }

  begin(values: readonly Value[]): void {
    this.#pendingCount++
    this.#written.push(...values)
  }

  /** The write happened: what was there before it began is gone. */
  acknowledge(values: readonly Value[], others: readonly Value[]): void {
    this.#withdraw([...others, ...this.#derived])
    this.#settled = []
    if (!values.every((value) => this.#written.includes(value))) throw new Error('never begun')
    this.#end()
  }

  /**
   * Begins a write that changes a part of whatever is there then: of what it meets now, or of what
   * replaces that meanwhile, so that it is to be begun last. Null: of this there is nothing to
   * change.
   */
  change(changed: (value: Value) => Value | null) {
    const values: Value[] = []
    for (const value of this.possible) {
      const made = changed(value)
      if (made === null) continue
      values.push(made)
      const isReplacement = this.#written.includes(value) && !this.#derived.includes(value)
      if (!isReplacement) this.#derived.push(made)
    }
    this.begin(values)
    return {
      acknowledge: () => {
        // Settled now is only what was made of it, or what has replaced it.
        this.#settled = []
        this.#end()
      },
      refuse: () => this.refuse(values),
      fail: () => this.fail(),
    }
  }

  /** The write was refused: it did not happen. */
  refuse(values: readonly Value[]): void {
    this.#withdraw(values)
    this.#end()
  }

  /** The write failed: a crash may still show it, until a later write has been acknowledged. */
  fail(): void {
    this.#isFailed = true
    this.#end()
  }

  /** A write elsewhere was acknowledged after the failure: what is seen now stays. */
  fence(): void {
    this.#isFailed = false
  }

  /** A reader saw a value while nothing was being written. */
  observe(isSeen: (value: Value) => boolean): void {
    if (this.#pendingCount > 0 || this.#isFailed) return
    const seen = this.possible.filter(isSeen)
    if (seen.length > 0) this.#settled = seen
  }

  #withdraw(values: readonly Value[]): void {
    for (const value of values) {
      const index = this.#written.indexOf(value)
      if (index >= 0) this.#written.splice(index, 1)
    }
  }

  #end(): void {
    this.#pendingCount--
    if (this.#pendingCount > 0) return
    this.#settled = this.possible
    this.#written = []
    this.#derived = []
  }
}
