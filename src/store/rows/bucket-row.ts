/** A bucket (docs/rows.md#bucket), and the row that hands out bucket ids. */
import type { Versioning } from '../object-store.ts'
import { damagedRow, RowReader, RowWriter, requireRowVersion } from './row-bytes.ts'

const VERSION = 1
/** Of a bucket whose versioning was set; one that never had any stays as it is. */
const VERSION_WITH_VERSIONING = 2

/** Numbers on disk, for ever. */
const versioningNumbers = { enabled: 1, suspended: 2 } as const

export interface BucketFields {
  /** ≥ 1, never used twice. */
  readonly id: number
  readonly createdAt: number
  readonly region: string
  readonly versioning: Versioning
}

/** As docs/rows.md#bucket lays it out. */
export function encodeBucket({ id, createdAt, region, versioning }: BucketFields): Buffer {
  const writer = new RowWriter()
  writer.u8(versioning === 'unversioned' ? VERSION : VERSION_WITH_VERSIONING)
  writer.u32(id).u64(createdAt).text(region)
  if (versioning !== 'unversioned') writer.u8(versioningNumbers[versioning])
  return writer.finish()
}

/** Of a row that is never written to again. Throws StoreError `corruption`. */
export function decodeBucket(row: Buffer): BucketFields {
  if (row !== last?.row) last = { row, fields: decode(row) }
  return last.fields
}

/** Each request on an object asks for the same row several times. */
let last: { readonly row: Buffer; readonly fields: BucketFields } | null = null

function decode(row: Buffer): BucketFields {
  const hasVersioning = row[0] === VERSION_WITH_VERSIONING
  if (!hasVersioning) requireRowVersion('bucket', row, VERSION)
  const reader = new RowReader('bucket', row, 1)
  const id = reader.u32()
  const createdAt = reader.u64()
  const region = reader.text()
  const versioning = hasVersioning ? versioningOf(reader.u8()) : 'unversioned'
  reader.end()
  return { id, createdAt, region, versioning }
}

function versioningOf(byte: number): Versioning {
  if (byte === versioningNumbers.enabled) return 'enabled'
  if (byte === versioningNumbers.suspended) return 'suspended'
  throw damagedRow('bucket', 'versioning')
}

/** The id that the next bucket gets. */
export function encodeNextBucket(id: number): Buffer {
  return new RowWriter().u8(VERSION).u32(id).finish()
}

/** Null: no bucket was ever made. */
export function decodeNextBucket(row: Buffer | null): number {
  if (row === null) return 1
  requireRowVersion('next bucket', row, VERSION)
  const reader = new RowReader('next bucket', row, 1)
  const id = reader.u32()
  reader.end()
  return id
}

/** A removed bucket whose uploads are still to be freed; the key says all. */
export function encodeRemovedBucket(): Buffer {
  return new RowWriter().u8(VERSION).finish()
}
