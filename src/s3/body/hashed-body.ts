import { createHash } from 'node:crypto'
import { S3Error } from '../errors.ts'

export interface HashedBodyOptions {
  /** Content-Length, or null when the body is sent chunked. */
  readonly size: number | null
  /** SHA-256 that x-amz-content-sha256 declared; null for UNSIGNED-PAYLOAD. */
  readonly digest: Buffer | null
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
  const hash = options.digest === null ? null : createHash('sha256')
  let size = 0
  for await (const piece of body) {
    size += piece.length
    hash?.update(piece)
    yield piece
  }
  if (options.size !== null && size !== options.size) {
    throw new S3Error('IncompleteBody', {}, { close: true })
  }
  if (hash === null || options.digest === null) return
  const computed = hash.digest()
  if (computed.equals(options.digest)) return
  throw new S3Error('XAmzContentSHA256Mismatch', {
    ClientComputedContentSHA256: options.digest.toString('hex'),
    S3ComputedContentSHA256: computed.toString('hex'),
  })
}
