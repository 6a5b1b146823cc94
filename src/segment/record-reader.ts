/**
 * Reads one record and proves it: header CRC, home, payload CRC. Nothing unverified leaves here.
 */
import type { FileHandle } from '../platform/file-system.ts'
import { isDamage } from './decoded.ts'
import { SegmentError } from './errors.ts'
import {
  decodeRecordHeader,
  payloadVerifies,
  RECORD_HEADER_SIZE,
  type RecordHome,
} from './record.ts'
import type { RecordHeader, StoredRecord } from './types.ts'

/** Of the first read when nobody knows how large the record is: header and payload of most. */
const FIRST_READ_SIZE = 8 * 1024

/**
 * One disk read when `storedSize` is at least the true one, or the record fits the first guess.
 *
 * @throws SegmentError `corruption`, `unknown-version`; errors of the file system as they are
 */
export async function readRecord(
  handle: FileHandle,
  home: RecordHome,
  storedSize?: number,
): Promise<StoredRecord> {
  const guess = storedSize === undefined ? FIRST_READ_SIZE : RECORD_HEADER_SIZE + storedSize
  // Not from the shared pool: the payload may be kept, and would keep a whole slab alive.
  const bytes = Buffer.allocUnsafeSlow(guess)
  const found = bytes.subarray(0, await handle.read(bytes, home.offset))
  const header = decodeRecordHeader(found, 0, home)
  if (isDamage(header)) throw damageError(handle.path, home.offset, header.damaged)
  const payload = await readPayload(handle, header, found.subarray(RECORD_HEADER_SIZE))
  if (!payloadVerifies(header, payload)) throw damageError(handle.path, home.offset, 'payload crc')
  return { header, payload }
}

export function damageError(file: string, offset: number, field: string): SegmentError {
  const kind = field.endsWith('version') ? 'unknown-version' : 'corruption'
  return new SegmentError(kind, { file, offset, field })
}

async function readPayload(
  handle: FileHandle,
  header: RecordHeader,
  known: Buffer,
): Promise<Buffer> {
  if (known.length >= header.storedSize) return known.subarray(0, header.storedSize)
  const payload = Buffer.allocUnsafeSlow(header.storedSize)
  known.copy(payload)
  const position = header.place.offset + RECORD_HEADER_SIZE + known.length
  const size = await handle.read(payload.subarray(known.length), position)
  return payload.subarray(0, known.length + size)
}
