/**
 * A blob reference as a field of other rows (docs/rows.md#blob-reference). Nearly all blobs are one
 * chunk in one place, so that shape has a short form.
 */
import type { BlobExtent, BlobRef } from '../../engine/blob-store.ts'
import { damagedRow, type RowReader, type RowWriter } from './row-bytes.ts'

const FORM_ONE_CHUNK = 0
const FORM_GENERAL = 1
const U32_MAX = 0xffffffff

export function writeBlobRef(writer: RowWriter, ref: BlobRef): void {
  const extent = ref.extents[0]
  if (extent !== undefined && isOneChunk(ref, extent)) {
    writer.u8(FORM_ONE_CHUNK).u32(ref.blob.segment).u32(ref.blob.offset)
    writer.u32(ref.size).u32(extent.storedSize)
    return
  }
  writer.u8(FORM_GENERAL).u32(ref.blob.segment).u32(ref.blob.offset)
  writer.u32(ref.place.segment).u32(ref.place.offset)
  writer.u64(ref.size).u32(ref.chunkCount).u16(ref.extents.length)
  for (const { segment, storedSize } of ref.extents) writer.u32(segment).u64(storedSize)
}

export function readBlobRef(reader: RowReader): BlobRef {
  const form = reader.u8()
  const blob = { segment: reader.u32(), offset: reader.u32() }
  if (form === FORM_ONE_CHUNK) {
    const size = reader.u32()
    const extents = [{ segment: blob.segment, storedSize: reader.u32() }]
    return { blob, place: blob, size, chunkCount: 1, extents }
  }
  if (form !== FORM_GENERAL) throw damagedRow('blob reference', 'form')
  const place = { segment: reader.u32(), offset: reader.u32() }
  const size = reader.u64()
  const chunkCount = reader.u32()
  const extents: BlobExtent[] = []
  const extentCount = reader.u16()
  for (let index = 0; index < extentCount; index++) {
    extents.push({ segment: reader.u32(), storedSize: reader.u64() })
  }
  return { blob, place, size, chunkCount, extents }
}

/** What a blob occupies on disk, all segments together. */
export function storedSizeOf(ref: BlobRef): number {
  return ref.extents.reduce((sum, extent) => sum + extent.storedSize, 0)
}

function isOneChunk(ref: BlobRef, extent: BlobExtent): boolean {
  return (
    ref.chunkCount === 1 &&
    ref.extents.length === 1 &&
    extent.segment === ref.blob.segment &&
    ref.place.segment === ref.blob.segment &&
    ref.place.offset === ref.blob.offset &&
    ref.size <= U32_MAX &&
    extent.storedSize <= U32_MAX
  )
}
