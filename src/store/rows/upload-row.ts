/** A multipart upload in progress (docs/rows.md#upload). */
import type { StorageClass } from '../../model/storage-class.ts'
import {
  readAttributes,
  type StoredAttributes,
  storageClassByte,
  storageClassOf,
  writeAttributes,
} from './attributes-field.ts'
import { type ChecksumKind, checksumByte, checksumKindOf } from './checksum-field.ts'
import { damagedRow, RowReader, RowWriter, requireRowVersion } from './row-bytes.ts'

const VERSION = 1
const ROW = 'upload'

export interface UploadFields {
  readonly storageClass: StorageClass
  /** As the client asked; null when it did not. */
  readonly checksum: ChecksumKind | null
  readonly initiatedAt: number
  readonly attributes: StoredAttributes
}

/** As docs/rows.md#upload lays it out. */
export function encodeUpload(upload: UploadFields): Buffer {
  const writer = new RowWriter()
  writer.u8(VERSION).u8(storageClassByte(upload.storageClass)).u8(checksumByte(upload.checksum))
  writer.u8(0).u64(upload.initiatedAt)
  writeAttributes(writer, upload.attributes)
  return writer.finish()
}

/** Throws StoreError `corruption`. */
export function decodeUpload(row: Buffer): UploadFields {
  requireRowVersion(ROW, row, VERSION)
  const reader = new RowReader(ROW, row, 1)
  const storageClass = storageClassOf(reader.u8(), ROW)
  const checksum = checksumKindOf(reader.u8(), ROW)
  if (reader.u8() !== 0) throw damagedRow(ROW, 'reserved')
  const initiatedAt = reader.u64()
  const attributes = readAttributes(reader, ROW)
  reader.end()
  return { storageClass, checksum, initiatedAt, attributes }
}
