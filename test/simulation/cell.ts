/**
 * One thing a store keeps (a bucket, the object under a key, an upload, a part) as a client can
 * know it: the values it may have now. Writes that overlap may have happened in any order, and a
 * write that has no answer yet, or failed, may or may not have happened.
 */
export class Cell<Value> {
  #settled: readonly Value[]
  /** Values of the writes that overlap now, whether answered or not. */
  #written: Value[] = []
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
    this.#withdraw(others)
    this.#settled = []
    if (!values.every((value) => this.#written.includes(value))) throw new Error('never begun')
    this.#end()
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
  }
}
