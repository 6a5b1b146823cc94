import { crc32c } from '@node-rs/crc32'
import type { KvPosition } from './ordered-kv.ts'

/**
 * The position row of an index on disk. Little-endian.
 *
 *   offset  size  field
 *        0     8  sequence
 *        8     4  journal segment
 *       12     4  offset of the commit record
 *       16     4  offset after it
 *       20     4  reserved, zero
 *       24     8  commit size
 *       32    32  chain value
 *       64     4  CRC-32C of bytes 0–63
 */
const ROW_SIZE = 68

export function encodePosition(position: KvPosition): Buffer {
  const row = Buffer.alloc(ROW_SIZE)
  row.writeBigUInt64LE(BigInt(position.sequence), 0)
  row.writeUInt32LE(position.segment, 8)
  row.writeUInt32LE(position.recordOffset, 12)
  row.writeUInt32LE(position.offset, 16)
  row.writeBigUInt64LE(BigInt(position.commitSize), 24)
  row.set(position.chain, 32)
  row.writeUInt32LE(crc32c(row.subarray(0, 64)), 64)
  return row
}

/** Null when the row is not one that was written whole. */
export function decodePosition(row: Buffer): KvPosition | null {
  if (row.length !== ROW_SIZE || row.readUInt32LE(64) !== crc32c(row.subarray(0, 64))) return null
  return {
    sequence: Number(row.readBigUInt64LE(0)),
    segment: row.readUInt32LE(8),
    recordOffset: row.readUInt32LE(12),
    offset: row.readUInt32LE(16),
    commitSize: Number(row.readBigUInt64LE(24)),
    chain: Buffer.from(row.subarray(32, 64)),
  }
}
