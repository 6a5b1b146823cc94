import type { ScanStep } from './segments.ts'

/**
 * Steps one by one out of the batches in which a scan finds them. No generator: one of those costs
 * each step several turns of the microtask queue.
 */
export class EachStep implements AsyncIterableIterator<ScanStep> {
  readonly #batches: AsyncGenerator<readonly ScanStep[]>
  #batch: readonly ScanStep[] = []
  #index = 0

  constructor(batches: AsyncGenerator<readonly ScanStep[]>) {
    this.#batches = batches
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<ScanStep> {
    return this
  }

  async next(): Promise<IteratorResult<ScanStep>> {
    while (this.#index === this.#batch.length) {
      const batch = await this.#batches.next()
      if (batch.done === true) return { done: true, value: undefined }
      this.#batch = batch.value
      this.#index = 0
    }
    return { done: false, value: this.#batch[this.#index++]! }
  }

  async return(): Promise<IteratorResult<ScanStep>> {
    await this.#batches.return(undefined)
    return { done: true, value: undefined }
  }
}
