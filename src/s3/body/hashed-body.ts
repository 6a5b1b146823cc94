import { createHash, type Hash, hash } from 'node:crypto'
import { S3Error } from '../errors.ts'

export interface HashedBodyOptions {
  /** Content-Length, or null when the body is sent chunked. */
  readonly size: number | null
  /** SHA-256 that x-amz-content-sha256 declared, in lower-case hex; null for UNSIGNED-PAYLOAD. */
  readonly digest: string | null
}

/**
 * Passes a body on as it is; ends cleanly only when size and digest are as declared. No generator:
 * one of those costs each piece several turns of the microtask queue.
 *
 * Throws S3Error `IncompleteBody`, `XAmzContentSHA256Mismatch`, while it is read.
 */
export class HashedBody implements AsyncIterableIterator<Uint8Array> {
  readonly #pieces: AsyncIterator<Uint8Array>
  readonly #declared: HashedBodyOptions
  readonly #running: RunningSha256 | null
  #size = 0

  constructor(body: AsyncIterable<Uint8Array>, options: HashedBodyOptions) {
    this.#pieces = body[Symbol.asyncIterator]()
    this.#declared = options
    this.#running = options.digest === null ? null : new RunningSha256(options.size)
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    const step = await this.#pieces.next()
    if (step.done === true) {
      this.#requireWhole()
    } else {
      this.#size += step.value.length
      this.#running?.update(step.value)
    }
    return step
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    await this.#pieces.return?.()
    return { done: true, value: undefined }
  }

  #requireWhole(): void {
    const { size, digest } = this.#declared
    if (size !== null && this.#size !== size) {
      throw new S3Error('IncompleteBody', {}, { close: true })
    }
    if (this.#running === null || digest === null) return
    const computed = this.#running.finish()
    if (computed === digest) return
    throw new S3Error('XAmzContentSHA256Mismatch', {
      ClientComputedContentSHA256: digest,
      S3ComputedContentSHA256: computed,
    })
  }
}

/** A body that comes in one piece, as small ones do, is hashed in one go: making a Hash costs more. */
class RunningSha256 {
  readonly #size: number | null
  #whole: string | null = null
  #hash: Hash | null = null

  constructor(size: number | null) {
    this.#size = size
  }

  update(piece: Uint8Array): void {
    if (this.#hash === null && piece.length === this.#size) {
      this.#whole = hash('sha256', piece, 'hex')
      return
    }
    this.#hash ??= createHash('sha256')
    this.#hash.update(piece)
  }

  /** Hex. */
  finish(): string {
    return this.#whole ?? (this.#hash ?? createHash('sha256')).digest('hex')
  }
}
