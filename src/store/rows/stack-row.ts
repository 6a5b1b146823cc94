/** What lies below the current version of a key (docs/rows.md#version-stack). */
import { damagedRow, RowReader, RowWriter, requireRowVersion } from './row-bytes.ts'
import { VERSION_ID_SIZE } from './version-field.ts'

const VERSION = 1
const ROW = 'version stack'

const FLAG_NULL = 1
const FLAG_MARKER = 2

export interface StackFields {
  /** Rows of the key in the space of older versions; the row is there while there are any. */
  readonly count: number
  /** Id of the null version, when it is one of them. */
  readonly nullId: Buffer | null
  /** Id of the newest of them, when it is a delete marker and thereby current. */
  readonly markerId: Buffer | null
}

/** As docs/rows.md#version-stack lays it out. */
export function encodeStack({ count, nullId, markerId }: StackFields): Buffer {
  const writer = new RowWriter().u8(VERSION)
  writer.u8((nullId === null ? 0 : FLAG_NULL) | (markerId === null ? 0 : FLAG_MARKER))
  writer.u16(0).u32(count)
  if (nullId !== null) writer.bytes(nullId)
  if (markerId !== null) writer.bytes(markerId)
  return writer.finish()
}

/** Throws StoreError `corruption`. */
export function decodeStack(row: Buffer): StackFields {
  requireRowVersion(ROW, row, VERSION)
  const reader = new RowReader(ROW, row, 1)
  const flags = reader.u8()
  if (flags > (FLAG_NULL | FLAG_MARKER)) throw damagedRow(ROW, 'flags')
  if (reader.u16() !== 0) throw damagedRow(ROW, 'reserved')
  const count = reader.u32()
  const nullId = flags & FLAG_NULL ? reader.bytes(VERSION_ID_SIZE) : null
  const markerId = flags & FLAG_MARKER ? reader.bytes(VERSION_ID_SIZE) : null
  reader.end()
  return { count, nullId, markerId }
}
