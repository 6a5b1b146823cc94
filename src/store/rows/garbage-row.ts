/** Bytes of a blob that no object names any more, in one segment (docs/rows.md#garbage). */
import { RowReader, RowWriter, requireRowVersion } from './row-bytes.ts'

const VERSION = 1

/** The row of what a blob left in one segment. */
export function encodeGarbage(storedSize: number): Buffer {
  return new RowWriter().u8(VERSION).u64(storedSize).finish()
}

/** Stored bytes that are dead. */
export function decodeGarbage(row: Buffer): number {
  requireRowVersion('garbage', row, VERSION)
  const reader = new RowReader('garbage', row, 1)
  const storedSize = reader.u64()
  reader.end()
  return storedSize
}
