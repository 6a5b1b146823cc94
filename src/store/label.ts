/**
 * The label kept beside a large blob: enough to salvage what it was, should the catalog be lost
 * (docs/rows.md#blob-labels).
 */
import type { BucketName } from '../model/bucket-name.ts'
import type { ObjectKey } from '../model/object-key.ts'
import { readAttributes, type StoredAttributes, writeAttributes } from './rows/attributes-field.ts'
import { UPLOAD_ID_SIZE } from './rows/keys.ts'
import { RowReader, RowWriter } from './rows/row-bytes.ts'

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

/** Labels for the blobs of a body that is written anew. Parts keep the name of their upload. */
export function movedLabel(
  fields: LabelFields,
  { attributes, uploadId }: { attributes: StoredAttributes; uploadId: Buffer | null },
): (part: { readonly partNumber: number } | null) => Buffer {
  return (part) =>
    part === null
      ? objectLabel(fields, attributes)
      : partLabel(fields, uploadId ?? Buffer.alloc(UPLOAD_ID_SIZE), part.partNumber)
}

function start(kind: number, { bucket, key, writtenAt }: LabelFields): RowWriter {
  return new RowWriter().u8(VERSION).u8(kind).u64(writtenAt).text(bucket).text(key)
}

/** What a label says; null for one that is none of this version. */
export type Label = LabelFields &
  (
    | {
        readonly kind: 'object'
        /** Null when they did not fit. */
        readonly attributes: StoredAttributes | null
      }
    | { readonly kind: 'part'; readonly uploadId: Buffer; readonly partNumber: number }
  )

/** What a label says; null for one that no version of this file has written. */
export function decodeLabel(label: Buffer): Label | null {
  try {
    const reader = new RowReader('label', label)
    if (reader.u8() !== VERSION) return null
    const kind = reader.u8()
    const writtenAt = reader.u64()
    const fields = {
      writtenAt,
      bucket: reader.text() as BucketName,
      key: reader.text() as ObjectKey,
    }
    if (kind === KIND_PART) {
      const part = { uploadId: reader.bytes(UPLOAD_ID_SIZE), partNumber: reader.u16() }
      reader.end()
      return { kind: 'part', ...fields, ...part }
    }
    if (kind !== KIND_OBJECT) return null
    const attributes = reader.u8() === 1 ? readAttributes(reader, 'label') : null
    reader.end()
    return { kind: 'object', ...fields, attributes }
  } catch {
    return null
  }
}
