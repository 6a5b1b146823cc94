import type { ChecksumRequest, ObjectBody } from '../../store/object-store.ts'
import type { VerifiedRequest } from '../auth/verify.ts'
import { S3Error } from '../errors.ts'
import type { S3Request } from '../request.ts'
import {
  type BodyChecksum,
  checksumHeaderName,
  isChecksumValue,
  parseBodyChecksum,
  parseContentMd5,
} from '../wire/checksum-headers.ts'
import { chunkedBody } from './chunked-body.ts'
import { HashedBody } from './hashed-body.ts'

/** The largest body of one PutObject or UploadPart. AWS S3 User Guide, "Uploading objects". */
export const BODY_SIZE_MAX = 5 * 1024 ** 3

/**
 * The body of a PutObject or UploadPart: framing removed, sizes, digests and chunk signatures
 * checked while it is read, Content-MD5 and checksum left to the store to compare. Reads nothing
 * itself, so that every refusal here comes before `100 Continue`.
 *
 * The stream throws S3Error `IncompleteBody`, `XAmzContentSHA256Mismatch`, `SignatureDoesNotMatch`,
 * `InvalidChunkSizeError`, `MalformedTrailerError`; then nothing may be kept of it.
 *
 * @throws S3Error `MissingContentLength`, `EntityTooLarge`, `InvalidDigest`, `InvalidRequest` (two
 *   checksums, a malformed one), `InvalidArgument`
 */
export function objectBody(request: S3Request, verified: VerifiedRequest): ObjectBody {
  const transferSize = transferSizeOf(request)
  if (transferSize === 'no-body') throw new S3Error('MissingContentLength', {}, { close: true })
  return verifiedBody(request, verified, transferSize)
}

/** As `objectBody`, but a request that has no body at all has an empty one. */
export function optionalBody(request: S3Request, verified: VerifiedRequest): ObjectBody {
  const transferSize = transferSizeOf(request)
  return verifiedBody(request, verified, transferSize === 'no-body' ? 0 : transferSize)
}

function verifiedBody(
  request: S3Request,
  verified: VerifiedRequest,
  transferSize: number | null,
): ObjectBody {
  const contentMd5 = parseContentMd5(request.headers)
  const checksum = parseBodyChecksum(request.headers)
  const { payload } = verified
  if (payload.kind === 'unsigned' || payload.kind === 'sha256') {
    refuseFraming(request, checksum)
    return {
      stream: new HashedBody(request.body, {
        size: transferSize,
        digest: payload.kind === 'sha256' ? payload.digest : null,
      }),
      size: transferSize,
      contentMd5,
      checksum: checksum && { algorithm: checksum.algorithm, expected: () => checksum.value },
      signal: request.signal,
    }
  }

  const size = decodedSizeOf(request)
  const trailer = new TrailingChecksum(checksum)
  const hasTrailer = payload.kind === 'unsigned-chunks' || payload.hasTrailer
  if (!hasTrailer && trailer.name !== null) throw framingError()
  const stream = chunkedBody(request.body, {
    size,
    signing: payload.kind === 'signed-chunks' ? verified.chunkSigning : null,
    hasTrailer,
    trailerName: trailer.name,
    onTrailer: (value) => trailer.take(value),
  })
  return { stream, size, contentMd5, checksum: trailer.request, signal: request.signal }
}

/**
 * Bytes on the wire, framing and all; null when HTTP itself sends them chunked. Without either of
 * its two headers a request has no body (RFC 9112 §6.3).
 */
function transferSizeOf(request: S3Request): number | null | 'no-body' {
  const { headers } = request
  const declared = headers.get('content-length')
  if (declared === null) return headers.get('transfer-encoding') === null ? 'no-body' : null
  return parseSize('content-length', declared)
}

function decodedSizeOf(request: S3Request): number {
  const declared = request.headers.get(DECODED_SIZE_HEADER)
  if (declared === null || declared === '') {
    throw new S3Error('MissingContentLength', {}, { close: true })
  }
  return parseSize(DECODED_SIZE_HEADER, declared)
}

function parseSize(name: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) {
    throw new S3Error(
      'InvalidArgument',
      { ArgumentName: name, ArgumentValue: text },
      { close: true },
    )
  }
  const size = Number(text)
  if (size > BODY_SIZE_MAX) {
    throw new S3Error(
      'EntityTooLarge',
      { ProposedSize: text, MaxSizeAllowed: String(BODY_SIZE_MAX) },
      { close: true },
    )
  }
  return size
}

/**
 * A client that says its body is framed, but not in x-amz-content-sha256, would have the framing
 * stored as content: silent corruption, seen with other servers.
 */
function refuseFraming(request: S3Request, checksum: BodyChecksum | null): void {
  const isFramed = request.headers.get(DECODED_SIZE_HEADER) !== null
  if (isFramed || (checksum !== null && checksum.value === null)) throw framingError()
}

function framingError(): S3Error {
  return new S3Error(
    'InvalidRequest',
    {},
    {
      message:
        'A body in aws-chunked framing needs an x-amz-content-sha256 that starts with ' +
        'STREAMING-, and a trailing checksum one that ends with -TRAILER.',
      close: true,
    },
  )
}

/** The checksum of a framed body, whose value may come only after it. */
class TrailingChecksum {
  /** The trailing header that was announced, lower-case, or null. */
  readonly name: string | null
  readonly request: ChecksumRequest | null
  #value: string | null

  constructor(checksum: BodyChecksum | null) {
    this.#value = checksum?.value ?? null
    const isTrailing = checksum !== null && checksum.value === null
    this.name = isTrailing ? checksumHeaderName(checksum.algorithm) : null
    this.request = checksum && { algorithm: checksum.algorithm, expected: () => this.#value }
  }

  take(value: string): void {
    if (this.request === null || !isChecksumValue(this.request.algorithm, value)) {
      const message = `Value for ${this.name} trailing header is invalid.`
      throw new S3Error('InvalidRequest', {}, { message })
    }
    this.#value = value
  }
}

const DECODED_SIZE_HEADER = 'x-amz-decoded-content-length'
