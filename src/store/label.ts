/**
 * The label kept beside a large blob: enough to salvage what it was, should the catalog be lost
 * (docs/rows.md#blob-labels).
 */
import type { BucketName } from '../model/bucket-name.ts'
import type { ObjectKey } from '../model/object-key.ts'
import { type StoredAttributes, writeAttributes } from './rows/attributes-field.ts'
import { RowWriter } from './rows/row-bytes.ts'

const VERSION = 1
const KIND_OBJECT = 1
const KIND_PART = 2
const LABEL_SIZE_MAX = 4096

export interface LabelFields {
  readonly bucket: BucketName
  readonly key: ObjectKey
  readonly writtenAt: number
}

/** Attributes that do not fit are left out, which the last byte says. */
export function objectLabel(fields: LabelFields, attributes: StoredAttributes): Buffer {
  const bare = start(KIND_OBJECT, fields).u8(0).finish()
  const full = start(KIND_OBJECT, fields).u8(1)
  writeAttributes(full, attributes)
  const label = full.finish()
  return label.length <= LABEL_SIZE_MAX ? label : bare
}

export function partLabel(fields: LabelFields, uploadId: Buffer, partNumber: number): Buffer {
  return start(KIND_PART, fields).bytes(uploadId).u16(partNumber).finish()
}

function start(kind: number, { bucket, key, writtenAt }: LabelFields): RowWriter {
  return new RowWriter().u8(VERSION).u8(kind).u64(writtenAt).text(bucket).text(key)
}
