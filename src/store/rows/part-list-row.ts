/**
 * The parts of a multipart object (docs/rows.md#part-list): beside the object's row when they are
 * few, else in pages of their own, so that LIST and HEAD never read them.
 */
import type { BlobRef } from '../../engine/blob-store.ts'
import { readBlobRef, writeBlobRef } from './blob-ref-field.ts'
import { RowReader, RowWriter, requireRowVersion } from './row-bytes.ts'

const VERSION = 1
const ROW = 'part list'

/** Parts that an object row holds itself. */
export const INLINE_PARTS_MAX = 8
/** Parts on one page. */
export const PAGE_PARTS = 256

/** One part of a completed object. */
export interface BodyPart {
  /** As uploaded: ascending, not always consecutive. */
  readonly partNumber: number
  /** Null for a part without bytes. */
  readonly ref: BlobRef | null
  /** Raw digest, by the object's `partChecksum`; of size 0 when that is null. */
  readonly digest: Buffer
}

export interface PartListPage {
  /** Index of its first part in the object. */
  readonly firstIndex: number
  readonly parts: readonly BodyPart[]
}

/** In bytes, raw. */
export function partSize(part: BodyPart): number {
  return part.ref?.size ?? 0
}

export function encodePartList(page: PartListPage): Buffer {
  const writer = new RowWriter()
  const digestSize = page.parts[0]?.digest.length ?? 0
  writer.u8(VERSION).u8(digestSize).u16(page.firstIndex).u16(page.parts.length)
  writeBodyParts(writer, page.parts)
  return writer.finish()
}

/** Throws StoreError `corruption`. */
export function decodePartList(row: Buffer): PartListPage {
  requireRowVersion(ROW, row, VERSION)
  const reader = new RowReader(ROW, row, 1)
  const digestSize = reader.u8()
  const firstIndex = reader.u16()
  const parts = readBodyParts(reader, reader.u16(), digestSize)
  reader.end()
  return { firstIndex, parts }
}

/** `firstIndex` alone, without decoding the parts. */
export function firstIndexOf(row: Buffer): number {
  requireRowVersion(ROW, row, VERSION)
  return new RowReader(ROW, row, 2).u16()
}

export function writeBodyParts(writer: RowWriter, parts: readonly BodyPart[]): void {
  for (const { partNumber, ref, digest } of parts) {
    writer
      .u16(partNumber)
      .bytes(digest)
      .u8(ref === null ? 0 : 1)
    if (ref !== null) writeBlobRef(writer, ref)
  }
}

export function readBodyParts(reader: RowReader, count: number, digestSize: number): BodyPart[] {
  const parts: BodyPart[] = []
  for (let index = 0; index < count; index++) {
    const partNumber = reader.u16()
    const digest = reader.bytes(digestSize)
    parts.push({ partNumber, digest, ref: reader.u8() === 0 ? null : readBlobRef(reader) })
  }
  return parts
}
