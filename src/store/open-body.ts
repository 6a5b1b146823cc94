/** The bytes of an object on their way out. */
import type { BlobStore } from '../engine/blob-store.ts'
import type { BodySlice } from './body-slices.ts'
import { fromLowerFloor } from './lower-errors.ts'

/**
 * Resolves once the first bytes are read and verified, so that damage found there becomes an error
 * and not a broken stream. The result must be consumed or returned.
 */
export async function openBody(
  engine: BlobStore,
  slices: readonly BodySlice[],
  signal: AbortSignal,
): Promise<AsyncIterableIterator<Uint8Array>> {
  const [slice] = slices
  if (slice === undefined) return new OpenedBody(null, null)
  if (slices.length === 1 && slice.ref.chunkCount === 1) {
    return new OpenedBody(await engine.readSmall(slice.ref, slice.range), null)
  }
  const pieces = readSlices(engine, slices, signal)
  const first = await pieces.next()
  return new OpenedBody(first.done === true ? null : first.value, pieces)
}

async function* readSlices(
  engine: BlobStore,
  slices: readonly BodySlice[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (const { ref, range } of slices) yield* engine.read(ref, range, signal)
}

/** One piece at hand, then the rest. Returning it early lets go of the rest. */
class OpenedBody implements AsyncIterableIterator<Uint8Array> {
  #first: Uint8Array | null
  readonly #rest: AsyncGenerator<Uint8Array> | null

  constructor(first: Uint8Array | null, rest: AsyncGenerator<Uint8Array> | null) {
    this.#first = first
    this.#rest = rest
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    const value = this.#first
    this.#first = null
    if (value !== null) return { done: false, value }
    if (this.#rest === null) return { done: true, value: undefined }
    try {
      return await this.#rest.next()
    } catch (error) {
      throw fromLowerFloor(error)
    }
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#first = null
    await this.#rest?.return(undefined)
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
