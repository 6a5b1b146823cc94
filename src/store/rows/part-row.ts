/** An uploaded part of an upload in progress (docs/rows.md#part). */
import type { BlobRef } from '../../engine/blob-store.ts'
import type { ChecksumAlgorithm } from '../../model/checksum.ts'
import { readBlobRef, writeBlobRef } from './blob-ref-field.ts'
import { checksumByte, checksumKindOf, digestSizes } from './checksum-field.ts'
import { damagedRow, RowReader, RowWriter, requireRowVersion } from './row-bytes.ts'

const VERSION = 1
const ROW = 'part'

export interface PartFields {
  readonly modifiedAt: number
  /** Raw MD5 of its bytes. */
  readonly md5: Buffer
  /** Raw digests: the upload's algorithm first, then another the client asked for, if any. */
  readonly digests: readonly PartDigest[]
  /** Null for a part without bytes. */
  readonly ref: BlobRef | null
}

export interface PartDigest {
  readonly algorithm: ChecksumAlgorithm
  readonly digest: Buffer
}

/** As docs/rows.md#part lays it out. */
export function encodePart(part: PartFields): Buffer {
  const writer = new RowWriter().u8(VERSION).u64(part.modifiedAt).bytes(part.md5)
  writer.u8(part.digests.length)
  for (const { algorithm, digest } of part.digests) {
    writer.u8(checksumByte({ algorithm, type: 'FULL_OBJECT' })).bytes(digest)
  }
  writer.u8(part.ref === null ? 0 : 1)
  if (part.ref !== null) writeBlobRef(writer, part.ref)
  return writer.finish()
}

/** Throws StoreError `corruption`. */
export function decodePart(row: Buffer): PartFields {
  requireRowVersion(ROW, row, VERSION)
  const reader = new RowReader(ROW, row, 1)
  const modifiedAt = reader.u64()
  const md5 = reader.bytes(16)
  const digests: PartDigest[] = []
  for (let left = reader.u8(); left > 0; left--) {
    const kind = checksumKindOf(reader.u8(), ROW)
    if (kind === null) throw damagedRow(ROW, 'checksum algorithm')
    digests.push({
      algorithm: kind.algorithm,
      digest: reader.bytes(digestSizes[kind.algorithm]),
    })
  }
  const ref = reader.u8() === 0 ? null : readBlobRef(reader)
  reader.end()
  return { modifiedAt, md5, digests, ref }
}
