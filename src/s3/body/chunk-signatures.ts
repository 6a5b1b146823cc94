import { createHash } from 'node:crypto'
import { isSameSignature, sha256Hex, sign } from '../auth/signature-v4.ts'
import type { ChunkSigning } from '../auth/verify.ts'
import { S3Error } from '../errors.ts'

/**
 * The chain of signatures over the chunks of one aws-chunked body: each covers the one before, so
 * that chunks can be neither changed, dropped, repeated nor put in another order (AWS API
 * Reference, "Signature Calculations for the Authorization Header: Transferring Payload in Multiple
 * Chunks").
 */
export class ChunkSignatures {
  readonly #signing: ChunkSigning
  #previous: string

  constructor(signing: ChunkSigning) {
    this.#signing = signing
    this.#previous = signing.seedSignature
  }

  /** @throws S3Error `SignatureDoesNotMatch` when the next chunk is not what was signed */
  requireChunk(pieces: readonly Uint8Array[], given: string): void {
    const hash = createHash('sha256')
    for (const piece of pieces) hash.update(piece)
    this.#require(`${CHUNK}\n${this.#context()}\n${EMPTY_SHA256}\n${hash.digest('hex')}`, given)
  }

  /**
   * After the last chunk.
   *
   * @param canonical `name:value\n` of each trailing header, in latin1
   * @throws S3Error `SignatureDoesNotMatch`
   */
  requireTrailer(canonical: string, given: string): void {
    const digest = sha256Hex(canonical)
    this.#require(`${TRAILER}\n${this.#context()}\n${digest}`, given)
  }

  #context(): string {
    return `${this.#signing.timestamp}\n${this.#signing.scope}\n${this.#previous}`
  }

  #require(stringToSign: string, given: string): void {
    const expected = sign(this.#signing.signingKey, stringToSign)
    if (!isSameSignature(expected, given)) {
      throw new S3Error(
        'SignatureDoesNotMatch',
        { StringToSign: stringToSign, SignatureProvided: given },
        { close: true },
      )
    }
    this.#previous = expected
  }
}

const CHUNK = 'AWS4-HMAC-SHA256-PAYLOAD'
const TRAILER = 'AWS4-HMAC-SHA256-TRAILER'
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
