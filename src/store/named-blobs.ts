import type { BlobRef } from '../engine/blob-store.ts'
import { spaces } from './rows/keys.ts'
import { isMarker } from './rows/marker-row.ts'
import { decodeObject } from './rows/object-row.ts'
import { type BodyPart, decodePartList } from './rows/part-list-row.ts'
import { decodePart } from './rows/part-row.ts'

/** The spaces whose rows name blobs. */
export const namingSpaces: readonly number[] = [
  spaces.object,
  spaces.history,
  spaces.partList,
  spaces.part,
]

/** The blobs that a row of one of these spaces names; what is shared is named by several rows. */
export function blobsNamedBy(key: Buffer, value: Buffer): readonly BlobRef[] {
  switch (key[0]) {
    case spaces.object:
    case spaces.history: {
      if (isMarker(value)) return []
      const { body } = decodeObject(value)
      if (body.kind === 'blob') return [body.ref]
      return body.kind === 'parts' ? refsOf(body.parts) : []
    }
    case spaces.partList:
      return refsOf(decodePartList(value).parts)
    case spaces.part: {
      const { ref } = decodePart(value)
      return ref === null ? [] : [ref]
    }
    default:
      return []
  }
}

function refsOf(parts: readonly BodyPart[]): readonly BlobRef[] {
  return parts.flatMap(({ ref }) => (ref === null ? [] : [ref]))
}
