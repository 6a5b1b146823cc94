import { createHash, type Hash, hash } from 'node:crypto'
import { S3Error } from '../errors.ts'

export interface HashedBodyOptions {
  /** Content-Length, or null when the body is sent chunked. */
  readonly size: number | null
  /** SHA-256 that x-amz-content-sha256 declared, in lower-case hex; null for UNSIGNED-PAYLOAD. */
  readonly digest: string | null
}

/**
 * Passes a body on as it is; ends cleanly only when size and digest are as declared.
 *
 * @throws S3Error `IncompleteBody`, `XAmzContentSHA256Mismatch`, while it is read
 */
export async function* hashedBody(
  body: AsyncIterable<Uint8Array>,
  options: HashedBodyOptions,
): AsyncGenerator<Uint8Array, void, void> {
  const running = options.digest === null ? null : new RunningSha256(options.size)
  let size = 0
  for await (const piece of body) {
    size += piece.length
    running?.update(piece)
    yield piece
  }
  if (options.size !== null && size !== options.size) {
    throw new S3Error('IncompleteBody', {}, { close: true })
  }
  if (running === null || options.digest === null) return
  const computed = running.finish()
  if (computed === options.digest) return
  throw new S3Error('XAmzContentSHA256Mismatch', {
    ClientComputedContentSHA256: options.digest,
    S3ComputedContentSHA256: computed,
  })
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
