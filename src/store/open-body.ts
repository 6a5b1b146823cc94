/** The bytes of an object on their way out. */
import type { BodySlice } from './body-slices.ts'
import { fromLowerFloor } from './lower-errors.ts'
import type { StoreContext } from './store-context.ts'

/**
 * Resolves once the first bytes are read and verified, so that damage found there becomes an error
 * and not a broken stream. To be called in the synchronous run that read the rows of the slices.
 * The result must be consumed or returned: until then no file it may want is removed.
 */
export async function openBody(
  { engine, readers }: Pick<StoreContext, 'engine' | 'readers'>,
  slices: readonly BodySlice[],
  signal: AbortSignal,
): Promise<AsyncIterableIterator<Uint8Array>> {
  const [slice] = slices
  if (slice === undefined) return new OpenedBody(null, null, nothing)
  const leave = readers.enter()
  try {
    if (slices.length === 1 && slice.ref.chunkCount === 1) {
      const bytes = await engine.readSmall(slice.ref, slice.range)
      leave()
      return new OpenedBody(bytes, null, nothing)
    }
    const pieces = readSlices(engine, slices, signal)
    const first = await pieces.next()
    return new OpenedBody(first.done === true ? null : first.value, pieces, leave)
  } catch (error) {
    leave()
    throw error
  }
}

async function* readSlices(
  engine: StoreContext['engine'],
  slices: readonly BodySlice[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (const { ref, range } of slices) yield* engine.read(ref, range, signal)
}

/** One piece at hand, then the rest. Returning it early lets go of the rest. */
class OpenedBody implements AsyncIterableIterator<Uint8Array> {
  #first: Uint8Array | null
  readonly #rest: AsyncGenerator<Uint8Array> | null
  readonly #leave: () => void

  constructor(
    first: Uint8Array | null,
    rest: AsyncGenerator<Uint8Array> | null,
    leave: () => void,
  ) {
    this.#first = first
    this.#rest = rest
    this.#leave = leave
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    const value = this.#first
    this.#first = null
    if (value !== null) return { done: false, value }
    if (this.#rest === null) return { done: true, value: undefined }
    try {
      const step = await this.#rest.next()
      if (step.done === true) this.#leave()
      return step
    } catch (error) {
      this.#leave()
      throw fromLowerFloor(error)
    }
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#first = null
    try {
      await this.#rest?.return(undefined)
    } finally {
      this.#leave()
    }
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

function nothing(): void {}
