import {
  type Checksum,
  type ChecksumAlgorithm,
  type ChecksumType,
  checksumAlgorithms,
} from '../../model/checksum.ts'
import { S3Error } from '../errors.ts'
import type { RequestHeaders } from '../request.ts'

/** A checksum that comes with a body. */
export interface BodyChecksum {
  readonly algorithm: ChecksumAlgorithm
  /** Base64 from the header; null when the trailer brings it. */
  readonly value: string | null
}

/** Header that carries a checksum of this algorithm, lower-case. */
export function checksumHeaderName(algorithm: ChecksumAlgorithm): string {
  return headerNames[algorithm]
}

/** Spelled out, so that none is made anew, and hashed anew, for each look at a request. */
const headerNames = {
  CRC32: 'x-amz-checksum-crc32',
  CRC32C: 'x-amz-checksum-crc32c',
  CRC64NVME: 'x-amz-checksum-crc64nvme',
  SHA1: 'x-amz-checksum-sha1',
  SHA256: 'x-amz-checksum-sha256',
} as const satisfies Readonly<Record<ChecksumAlgorithm, string>>

/**
 * The checksum a client sends with a body: x-amz-checksum-…, or announced by x-amz-trailer, and
 * named by x-amz-sdk-checksum-algorithm. Null when there is none.
 *
 * @throws S3Error `InvalidRequest` for two checksums, an unknown algorithm, or an algorithm named
 *   without its checksum; `BadDigest` for a value that is no checksum and so matches nothing
 */
export function parseBodyChecksum(headers: RequestHeaders): BodyChecksum | null {
  const named = parseAlgorithm(headers, 'x-amz-sdk-checksum-algorithm')
  const value = checksumFromHeaders(headers)
  const trailer = trailerAlgorithm(headers)
  if (value !== null && trailer !== null) throw invalid(MULTIPLE)
  const checksum = value ?? (trailer === null ? null : { algorithm: trailer, value: null })
  if (named === null) return checksum
  if (checksum === null) {
    throw invalid(
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or ' +
        'x-amz-trailer headers were found.',
    )
  }
  if (checksum.algorithm !== named) {
    throw invalid('Value for x-amz-sdk-checksum-algorithm header is invalid.')
  }
  return checksum
}

/**
 * The checksum that CreateMultipartUpload (or, without a type, CopyObject) asks for by
 * x-amz-checksum-algorithm and x-amz-checksum-type. Null when no algorithm is named.
 *
 * The type defaults as AWS does: FULL_OBJECT for CRC64NVME, else COMPOSITE.
 * @throws S3Error `InvalidRequest` for a pair that S3 does not offer, or a type alone
 */
export function parseChecksumRequest(
  headers: RequestHeaders,
): { readonly algorithm: ChecksumAlgorithm; readonly type: ChecksumType } | null {
  const algorithm = parseAlgorithm(headers, 'x-amz-checksum-algorithm')
  const type = parseChecksumType(headers)
  if (algorithm === null) {
    if (type === null) return null
    throw invalid(
      'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
    )
  }
  const allowed = checksumTypes[algorithm]
  const chosen = type ?? allowed[0]
  if (!allowed.includes(chosen)) {
    throw invalid(
      `The ${chosen} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum ` +
        'algorithm.',
    )
  }
  return { algorithm, type: chosen }
}

/**
 * The whole object's checksum that CompleteMultipartUpload may bring, and x-amz-checksum-type.
 * A value with "-N" is COMPOSITE, any other FULL_OBJECT.
 *
 * @throws S3Error as `parseBodyChecksum`
 */
export function parseCompleteChecksum(headers: RequestHeaders): {
  readonly checksum: Checksum | null
  readonly checksumType: ChecksumType | null
} {
  const checksumType = parseChecksumType(headers)
  const found = checksumFromHeaders(headers, COMPOSITE_SUFFIX)
  if (found === null) return { checksum: null, checksumType }
  const type = COMPOSITE_SUFFIX.test(found.value) ? 'COMPOSITE' : 'FULL_OBJECT'
  return { checksum: { ...found, type: checksumType ?? type }, checksumType }
}

/** Whether `text` is the Base64 of a digest of this algorithm. */
export function isChecksumValue(algorithm: ChecksumAlgorithm, text: string): boolean {
  return isBase64Of(text, digestSizes[algorithm])
}

/**
 * The 16 bytes of Content-MD5, or null when it was not sent.
 *
 * @throws S3Error `InvalidDigest` when it is anything but Base64 of 16 bytes
 */
export function parseContentMd5(headers: RequestHeaders): Uint8Array | null {
  const value = headers.get('content-md5')
  if (value === null) return null
  if (!isBase64Of(value, 16)) throw new S3Error('InvalidDigest', { 'Content-MD5': value })
  return Buffer.from(value, 'base64')
}

/** x-amz-checksum-mode: whether a read shall answer with checksums. */
export function wantsChecksum(headers: RequestHeaders): boolean {
  return headers.get('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED'
}

/** Sizes of digests in bytes. */
const digestSizes: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
}

/** AWS S3 User Guide, "Checking object integrity": what each algorithm offers, default first. */
const checksumTypes: Readonly<
  Record<ChecksumAlgorithm, readonly [ChecksumType, ...(readonly ChecksumType[])]>
> = {
  CRC32: ['COMPOSITE', 'FULL_OBJECT'],
  CRC32C: ['COMPOSITE', 'FULL_OBJECT'],
  CRC64NVME: ['FULL_OBJECT'],
  SHA1: ['COMPOSITE'],
  SHA256: ['COMPOSITE'],
}

const COMPOSITE_SUFFIX = /-([1-9]\d{0,4})$/
const MULTIPLE =
  'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.'

function checksumFromHeaders(
  headers: RequestHeaders,
  suffix?: RegExp,
): { readonly algorithm: ChecksumAlgorithm; readonly value: string } | null {
  refuseUnknownAlgorithm(headers)
  let found: { algorithm: ChecksumAlgorithm; value: string } | null = null
  for (const algorithm of checksumAlgorithms) {
    const name = checksumHeaderName(algorithm)
    const values = headers.all(name)
    if (values.length === 0) continue
    if (found !== null || values.length > 1) throw invalid(MULTIPLE)
    const value = values[0]!
    const digest = suffix === undefined ? value : value.replace(suffix, '')
    if (!isChecksumValue(algorithm, digest)) {
      throw new S3Error('BadDigest', {}, { message: `Value for ${name} header is invalid.` })
    }
    found = { algorithm, value }
  }
  return found
}

/** A checksum that is not looked at must not seem to have held. */
function refuseUnknownAlgorithm(headers: RequestHeaders): void {
  for (const [name] of headers.entries()) {
    if (name.startsWith(PREFIX) && !KNOWN_HEADERS.has(name)) {
      throw invalid('The algorithm type you specified in x-amz-checksum- header is invalid.')
    }
  }
}

const PREFIX = 'x-amz-checksum-'
const KNOWN_HEADERS: ReadonlySet<string> = new Set([
  ...checksumAlgorithms.map(checksumHeaderName),
  `${PREFIX}algorithm`,
  `${PREFIX}mode`,
  `${PREFIX}type`,
])

function trailerAlgorithm(headers: RequestHeaders): ChecksumAlgorithm | null {
  const value = headers.get('x-amz-trailer')
  if (value === null) return null
  const name = value.trim().toLowerCase()
  const algorithm = checksumAlgorithms.find((known) => checksumHeaderName(known) === name)
  if (algorithm === undefined) {
    throw invalid('The value specified in the x-amz-trailer header is not supported')
  }
  return algorithm
}

function parseAlgorithm(headers: RequestHeaders, header: string): ChecksumAlgorithm | null {
  const value = headers.get(header)
  if (value === null) return null
  const algorithm = checksumAlgorithms.find((known) => known === value.toUpperCase())
  if (algorithm === undefined) {
    throw invalid(
      'Checksum algorithm provided is unsupported. Please try again with any of the valid ' +
        `types: [${checksumAlgorithms.join(', ')}]`,
    )
  }
  return algorithm
}

function parseChecksumType(headers: RequestHeaders): ChecksumType | null {
  const value = headers.get('x-amz-checksum-type')?.toUpperCase()
  if (value === undefined) return null
  if (value === 'FULL_OBJECT' || value === 'COMPOSITE') return value
  throw invalid('Value for x-amz-checksum-type header is invalid.')
}

function isBase64Of(text: string, size: number): boolean {
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === size && bytes.toString('base64') === text
}

function invalid(message: string): S3Error {
  return new S3Error('InvalidRequest', {}, { message })
}
