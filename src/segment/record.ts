/**
 * The 48-byte header of every record (docs/format.md#record-48-byte-header-payload-padding-to-8).
 *
 * A header verifies only at the offset and in the file it was written to: its CRC is seeded with
 * the nonce of the segment, and it names segment and offset.
 */
import { crc32c } from '@node-rs/crc32'
import type { Decoded } from './decoded.ts'
import { type CodecName, codecs, type RecordHeader, type RecordKind, recordKinds } from './types.ts'

export const RECORD_HEADER_SIZE = 48
/** "VREC", read as a little-endian u32. */
export const RECORD_MAGIC = 0x43455256
const RECORD_FORMAT_VERSION = 1
const CRC_AT = 44

/** Where a header is expected to belong. */
export interface RecordHome {
  readonly nonce: number
  readonly segment: number
  readonly offset: number
}

/** Writes the 48 bytes into `target` from `at`; `target` must be this long. */
export function encodeRecordHeader(
  header: RecordHeader,
  nonce: number,
  target: { readonly bytes: Buffer; readonly at: number },
): void {
  const { bytes, at } = target
  bytes.writeUInt32LE(RECORD_MAGIC, at)
  bytes[at + 4] = RECORD_FORMAT_VERSION
  bytes[at + 5] = recordKinds[header.kind]
  bytes[at + 6] = codecs[header.codec]
  bytes[at + 7] = 0
  bytes.writeUInt32LE(header.place.segment, at + 8)
  bytes.writeUInt32LE(header.place.offset, at + 12)
  bytes.writeUInt32LE(header.blob.segment, at + 16)
  bytes.writeUInt32LE(header.blob.offset, at + 20)
  bytes.writeUInt32LE(header.number, at + 24)
  bytes.writeUInt32LE(header.rawSize, at + 28)
  bytes.writeUInt32LE(header.storedSize, at + 32)
  bytes.writeUInt32LE(header.payloadCrc, at + 36)
  bytes.writeUInt32LE(header.durableEnd, at + 40)
  bytes.writeUInt32LE(crc32c(bytes.subarray(at, at + CRC_AT), nonce), at + CRC_AT)
}

/** Decodes the header at `at` of `bytes` and proves that it belongs to `home`. */
export function decodeRecordHeader(
  bytes: Buffer,
  at: number,
  home: RecordHome,
): Decoded<RecordHeader> {
  if (bytes.length < at + RECORD_HEADER_SIZE) return { damaged: 'record header is cut short' }
  if (bytes.readUInt32LE(at) !== RECORD_MAGIC) return { damaged: 'record magic' }
  const crc = crc32c(bytes.subarray(at, at + CRC_AT), home.nonce)
  if (bytes.readUInt32LE(at + CRC_AT) !== crc) return { damaged: 'record header crc' }
  if (bytes[at + 4] !== RECORD_FORMAT_VERSION) return { damaged: 'record version' }
  if (bytes.readUInt32LE(at + 8) !== home.segment) return { damaged: 'record segment id' }
  if (bytes.readUInt32LE(at + 12) !== home.offset) return { damaged: 'record offset' }
  if (bytes[at + 7] !== 0) return { damaged: 'record reserved byte' }
  const kind = kindNames[bytes[at + 5] ?? 0]
  if (kind === undefined) return { damaged: 'record kind' }
  const codec = codecNames[bytes[at + 6] ?? 0]
  if (codec === undefined) return { damaged: 'record codec' }
  return {
    kind,
    codec,
    place: { segment: home.segment, offset: home.offset },
    blob: { segment: bytes.readUInt32LE(at + 16), offset: bytes.readUInt32LE(at + 20) },
    number: bytes.readUInt32LE(at + 24),
    rawSize: bytes.readUInt32LE(at + 28),
    storedSize: bytes.readUInt32LE(at + 32),
    payloadCrc: bytes.readUInt32LE(at + 36),
    durableEnd: bytes.readUInt32LE(at + 40),
  }
}

/** Whether the stored payload is what the header says was written. */
export function payloadVerifies(header: RecordHeader, payload: Uint8Array): boolean {
  return payload.length === header.storedSize && crc32c(payload) === header.payloadCrc
}

const kindNames: (RecordKind | undefined)[] = []
for (const name of Object.keys(recordKinds) as RecordKind[]) kindNames[recordKinds[name]] = name
const codecNames: (CodecName | undefined)[] = []
for (const name of Object.keys(codecs) as CodecName[]) codecNames[codecs[name]] = name
