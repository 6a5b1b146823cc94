/** A bucket (docs/rows.md#bucket), and the row that hands out bucket ids. */
import { RowReader, RowWriter, requireRowVersion } from './row-bytes.ts'

const VERSION = 1

export interface BucketFields {
  /** ≥ 1, never used twice. */
  readonly id: number
  readonly createdAt: number
  readonly region: string
}

export function encodeBucket(bucket: BucketFields): Buffer {
  return new RowWriter()
    .u8(VERSION)
    .u32(bucket.id)
    .u64(bucket.createdAt)
    .text(bucket.region)
    .finish()
}

export function decodeBucket(row: Buffer): BucketFields {
  requireRowVersion('bucket', row, VERSION)
  const reader = new RowReader('bucket', row, 1)
  const bucket = { id: reader.u32(), createdAt: reader.u64(), region: reader.text() }
  reader.end()
  return bucket
}

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
