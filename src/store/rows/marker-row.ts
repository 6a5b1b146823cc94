/** A delete marker: a version that says there is nothing (docs/rows.md#delete-marker). */
import { damagedRow, RowReader, RowWriter, requireRowVersion } from './row-bytes.ts'
import { type StoredVersion, VERSION_ID_SIZE } from './version-field.ts'

const VERSION = 2
const ROW = 'delete marker'
const RESERVED_SIZE = 6

const FLAG_NULL = 4
/** Object rows never have it: both kinds lie in one space, and this tells them apart. */
const FLAG_MARKER = 8

export interface MarkerFields {
  readonly version: StoredVersion
  readonly modifiedAt: number
}

/** Tells a delete marker from an object: both lie in one space. */
export function isMarker(row: Buffer): boolean {
  return row[0] === VERSION && (row[1]! & FLAG_MARKER) !== 0
}

export function encodeMarker({ version, modifiedAt }: MarkerFields): Buffer {
  return new RowWriter()
    .u8(VERSION)
    .u8(FLAG_MARKER | (version.isNull ? FLAG_NULL : 0))
    .bytes(Buffer.alloc(RESERVED_SIZE))
    .u64(modifiedAt)
    .bytes(version.id)
    .finish()
}

/** Throws StoreError `corruption`. */
export function decodeMarker(row: Buffer): MarkerFields {
  requireRowVersion(ROW, row, VERSION)
  const reader = new RowReader(ROW, row, 1)
  const flags = reader.u8()
  if ((flags & ~FLAG_NULL) !== FLAG_MARKER) throw damagedRow(ROW, 'flags')
  if (reader.bytes(RESERVED_SIZE).some((byte) => byte !== 0)) throw damagedRow(ROW, 'reserved')
  const modifiedAt = reader.u64()
  const id = reader.bytes(VERSION_ID_SIZE)
  reader.end()
  return { version: { id, isNull: (flags & FLAG_NULL) !== 0 }, modifiedAt }
}
