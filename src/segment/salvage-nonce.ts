/**
 * Finds the nonce of a segment whose header is damaged. Without it no record of the file verifies,
 * and one flipped bit in 128 bytes would cost the whole segment.
 *
 * The header CRC of a record is an invertible function of the nonce that seeded it, so the first
 * record gives the nonce away; the second one proves it.
 */
import type { FileHandle } from '../platform/file-system.ts'
import { isDamage } from './decoded.ts'
import { decodeRecordHeader, RECORD_HEADER_SIZE } from './record.ts'
import { SEGMENT_HEADER_SIZE } from './segment-header.ts'
import { type RecordHeader, recordSpan } from './types.ts'

const NONCE_AT = 32
const RECORD_CRC_AT = 44
/** CRC-32C, reflected (Castagnoli 1993; RFC 3720, appendix B.4). */
const POLYNOMIAL = 0x82f63b78

/** Null when it cannot be told beyond doubt. */
export async function salvageNonce(handle: FileHandle, segment: number): Promise<number | null> {
  const start = Buffer.alloc(SEGMENT_HEADER_SIZE + RECORD_HEADER_SIZE)
  if ((await handle.read(start, 0)) < start.length) return null
  const record = start.subarray(SEGMENT_HEADER_SIZE)
  const place = { segment, offset: SEGMENT_HEADER_SIZE }

  const written = start.readUInt32LE(NONCE_AT)
  if (!isDamage(decodeRecordHeader(record, 0, { nonce: written, ...place }))) return written

  const solved = seedOf(record.subarray(0, RECORD_CRC_AT), record.readUInt32LE(RECORD_CRC_AT))
  const first = decodeRecordHeader(record, 0, { nonce: solved, ...place })
  if (isDamage(first)) return null
  return (await nextVerifies(handle, first, solved)) ? solved : null
}

/** Any 44 bytes have a seed that fits their CRC: the record after must fit it too. */
async function nextVerifies(
  handle: FileHandle,
  first: RecordHeader,
  nonce: number,
): Promise<boolean> {
  const { segment } = first.place
  const offset = first.place.offset + recordSpan(first.storedSize)
  const next = Buffer.alloc(RECORD_HEADER_SIZE)
  if ((await handle.read(next, offset)) < next.length) return false
  return !isDamage(decodeRecordHeader(next, 0, { nonce, segment, offset }))
}

/** The seed with which the CRC-32C of `bytes` is `crc`: the CRC run backwards. */
export function seedOf(bytes: Uint8Array, crc: number): number {
  let state = ~crc >>> 0
  for (let at = bytes.length - 1; at >= 0; at--) {
    for (let bit = 0; bit < 8; bit++) {
      const carried = state >>> 31 === 1
      state = (((carried ? state ^ POLYNOMIAL : state) << 1) | (carried ? 1 : 0)) >>> 0
    }
    state = (state ^ (bytes[at] ?? 0)) >>> 0
  }
  return ~state >>> 0
}
