/**
 * What makes a segment sealed (docs/format.md#footer): the payload of its footer record, and the
 * trailer in the last 32 bytes of the file that says where the footer is.
 */
import { crc32c } from '@node-rs/crc32'
import { type Decoded, isZero } from './decoded.ts'
import { INDEX_ENTRY_SIZE } from './index-page.ts'
import { SEGMENT_FORMAT_VERSION, VERSION_FIELD } from './segment-header.ts'

export interface Footer {
  /** Offset after the last record before the index pages. */
  readonly dataEnd: number
  readonly recordCount: number
  readonly rawSize: number
  /** Headers and padding included. */
  readonly storedSize: number
  /**
   * One entry per index page, laid out as an index entry: the first key of the page, then the
   * offset of its record. Searched with `lastNotAfter`.
   */
  readonly fence: Buffer
  readonly bloomBits: Buffer
  readonly bloomHashCount: number
  /** Journal: sequence after the last commit; else 0. */
  readonly sequence: number
  /** Journal: chain value after the last commit; else zero. 32 bytes. */
  readonly chain: Buffer
}

export const TRAILER_SIZE = 32
const FIXED_SIZE = 80
const TRAILER_MAGIC = Buffer.from('VARVEEND', 'latin1')
const TRAILER_CRC_AT = 28

export function encodeFooter(footer: Footer): Buffer {
  const fixed = Buffer.alloc(FIXED_SIZE)
  fixed.writeUInt32LE(footer.dataEnd, 0)
  fixed.writeUInt32LE(footer.recordCount, 4)
  fixed.writeBigUInt64LE(BigInt(footer.rawSize), 8)
  fixed.writeBigUInt64LE(BigInt(footer.storedSize), 16)
  fixed.writeUInt32LE(footer.fence.length / INDEX_ENTRY_SIZE, 24)
  fixed.writeUInt32LE(footer.bloomBits.length * 8, 28)
  fixed.writeUInt32LE(footer.bloomHashCount, 32)
  fixed.writeBigUInt64LE(BigInt(footer.sequence), 40)
  fixed.set(footer.chain, 48)
  return Buffer.concat([fixed, footer.fence, footer.bloomBits])
}

/** The parts of the answer are copies: they outlive the buffer that was read. */
export function decodeFooter(payload: Buffer): Decoded<Footer> {
  if (payload.length < FIXED_SIZE) return { damaged: 'footer is cut short' }
  const fenceEnd = FIXED_SIZE + payload.readUInt32LE(24) * INDEX_ENTRY_SIZE
  const bitCount = payload.readUInt32LE(28)
  if (bitCount % 64 !== 0) return { damaged: 'footer Bloom bit count' }
  if (payload.length !== fenceEnd + bitCount / 8) return { damaged: 'footer size' }
  if (!isZero(payload, 36, 40)) return { damaged: 'footer reserved bytes' }
  return {
    dataEnd: payload.readUInt32LE(0),
    recordCount: payload.readUInt32LE(4),
    rawSize: Number(payload.readBigUInt64LE(8)),
    storedSize: Number(payload.readBigUInt64LE(16)),
    fence: Buffer.from(payload.subarray(FIXED_SIZE, fenceEnd)),
    bloomBits: Buffer.from(payload.subarray(fenceEnd)),
    bloomHashCount: payload.readUInt32LE(32),
    sequence: Number(payload.readBigUInt64LE(40)),
    chain: Buffer.from(payload.subarray(48, 80)),
  }
}

export interface Trailer {
  readonly segment: number
  readonly footerOffset: number
}

export function encodeTrailer(trailer: Trailer): Buffer {
  const bytes = Buffer.alloc(TRAILER_SIZE)
  bytes.set(TRAILER_MAGIC, 0)
  bytes.writeUInt16LE(SEGMENT_FORMAT_VERSION, 8)
  bytes.writeUInt32LE(trailer.segment, 12)
  bytes.writeUInt32LE(trailer.footerOffset, 16)
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, TRAILER_CRC_AT)), TRAILER_CRC_AT)
  return bytes
}

/** The last 32 bytes of a sealed file, or the first field that does not hold. */
export function decodeTrailer(bytes: Buffer): Decoded<Trailer> {
  if (bytes.length !== TRAILER_SIZE) return { damaged: 'trailer is cut short' }
  if (!bytes.subarray(0, 8).equals(TRAILER_MAGIC)) return { damaged: 'trailer magic' }
  if (bytes.readUInt32LE(TRAILER_CRC_AT) !== crc32c(bytes.subarray(0, TRAILER_CRC_AT))) {
    return { damaged: 'trailer crc' }
  }
  if (bytes.readUInt16LE(8) !== SEGMENT_FORMAT_VERSION) return { damaged: VERSION_FIELD }
  if (!isZero(bytes, 10, 12) || !isZero(bytes, 20, TRAILER_CRC_AT)) {
    return { damaged: 'trailer reserved bytes' }
  }
  return { segment: bytes.readUInt32LE(12), footerOffset: bytes.readUInt32LE(16) }
}

/** Whether the last bytes of a file look like a trailer, whole or not. */
export function hasTrailerMagic(bytes: Buffer): boolean {
  return bytes.length === TRAILER_SIZE && bytes.subarray(0, 8).equals(TRAILER_MAGIC)
}
