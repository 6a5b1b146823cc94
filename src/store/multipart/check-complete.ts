/** What a Complete must say about the parts, and what it makes of their checksums. Pure. */
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { crc32c } from '@node-rs/crc32'
import type { ChecksumAlgorithm } from '../../model/checksum.ts'
import { CrcCombiner, isCombinable } from '../crc-combine.ts'
import { StoreError } from '../errors.ts'
import type { CompletedPart, CompleteUploadInput } from '../object-store.ts'
import type { StoredChecksum } from '../rows/object-row.ts'
import type { UploadFields } from '../rows/upload-row.ts'
import type { UploadedPart } from './abort-upload.ts'
import { DEFAULT_UPLOAD_ALGORITHM } from './create-upload.ts'

/** @throws StoreError `invalid-part` when there is none, or its ETag or checksum differs */
export function choosePart(wanted: CompletedPart, part: UploadedPart | undefined): UploadedPart {
  const detail = { partNumber: String(wanted.partNumber), etag: wanted.etag }
  if (part === undefined || part.md5.toString('hex') !== wanted.etag) {
    throw new StoreError('invalid-part', undefined, detail)
  }
  if (wanted.checksum === null) return part
  const { algorithm, value } = wanted.checksum
  const kept = part.digests.find((digest) => digest.algorithm === algorithm)
  if (kept?.digest.toString('base64') !== value) {
    throw new StoreError('invalid-part', undefined, detail)
  }
  return part
}

/** The checksum of the whole from those of the parts. */
export function uploadChecksum(
  upload: UploadFields,
  parts: readonly UploadedPart[],
): StoredChecksum {
  const kind = upload.checksum ?? { algorithm: DEFAULT_UPLOAD_ALGORITHM, type: 'FULL_OBJECT' }
  const { algorithm } = kind
  if (kind.type === 'COMPOSITE') {
    const digests = parts.map((part) => digestBy(part, algorithm))
    return { algorithm, type: 'COMPOSITE', digest: hashOf(algorithm, Buffer.concat(digests)) }
  }
  if (!isCombinable(algorithm)) throw new StoreError('corruption', 'upload row: checksum type')
  const combiner = new CrcCombiner(algorithm)
  for (const part of parts) combiner.append(digestBy(part, algorithm), part.ref?.size ?? 0)
  return { algorithm, type: 'FULL_OBJECT', digest: combiner.digest() }
}

/**
 * Compares the checksum of the whole that the client sent, if it did.
 *
 * @throws StoreError `bad-digest`, `invalid-request`
 */
export function requireObjectChecksum(
  input: CompleteUploadInput,
  upload: UploadFields,
  made: { readonly checksum: StoredChecksum; readonly partCount: number },
): void {
  const { checksum } = made
  const type = input.checksumType
  if (type !== null && type !== checksum.type) {
    const expected = upload.checksum?.type ?? 'null'
    const message = `The upload was created using the ${expected} checksum mode. The complete request must use the same checksum mode.`
    throw new StoreError('invalid-request', message)
  }
  if (input.checksum === null) return
  const { algorithm, value } = input.checksum
  if (algorithm !== checksum.algorithm) {
    const message = `Checksum Type mismatch occurred, expected checksum Type: ${checksum.algorithm.toLowerCase()}, actual checksum Type: ${algorithm.toLowerCase()}`
    throw new StoreError('invalid-request', message)
  }
  const bare = checksum.digest.toString('base64')
  const isSame =
    checksum.type === 'COMPOSITE'
      ? value === bare || value === `${bare}-${made.partCount}`
      : value === bare
  if (isSame) return
  const message = `The ${algorithm.toLowerCase()} you specified did not match the calculated checksum.`
  throw new StoreError('bad-digest', message, { field: algorithm })
}

/**
 * A COMPOSITE upload is completed with each part's checksum.
 *
 * @throws StoreError `invalid-request` when one is missing
 */
export function requirePartChecksums(
  parts: readonly CompletedPart[],
  { checksum }: UploadFields,
): void {
  if (checksum?.type !== 'COMPOSITE') return
  const bare = parts.find((part) => part.checksum === null)
  if (bare === undefined) return
  const message = `The upload was created using a ${checksum.algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${bare.partNumber} in the request.`
  throw new StoreError('invalid-request', message)
}

function digestBy(part: UploadedPart, algorithm: ChecksumAlgorithm): Buffer {
  const kept = part.digests.find((digest) => digest.algorithm === algorithm)
  if (kept === undefined) throw new StoreError('corruption', 'part row: checksum is missing')
  return kept.digest
}

function hashOf(algorithm: ChecksumAlgorithm, bytes: Buffer): Buffer {
  if (algorithm === 'SHA1' || algorithm === 'SHA256') {
    return createHash(algorithm.toLowerCase()).update(bytes).digest()
  }
  if (algorithm === 'CRC64NVME') throw new StoreError('corruption', 'upload row: checksum type')
  const digest = Buffer.alloc(4)
  digest.writeUInt32BE(algorithm === 'CRC32' ? crc32(bytes) : crc32c(bytes))
  return digest
}
