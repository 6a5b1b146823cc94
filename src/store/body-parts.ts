/** The parts of a body, in its row or on pages of their own. */
import type { Catalog } from '../catalog/catalog.ts'
import type { Place } from '../segment/types.ts'
import type { Change } from './change.ts'
import { partListKey, partListPrefix, prefixRange } from './rows/keys.ts'
import type { InlineBody, ObjectFields } from './rows/object-row.ts'
import {
  type BodyPart,
  decodePartList,
  encodePartList,
  INLINE_PARTS_MAX,
  PAGE_PARTS,
  partSize,
} from './rows/part-list-row.ts'

/** Few parts go into the object's row, many onto pages of their own. */
export function putParts(
  change: Change,
  bodyId: Place | null,
  parts: readonly BodyPart[],
): InlineBody {
  if (parts.length <= INLINE_PARTS_MAX || bodyId === null) return { kind: 'parts', parts }
  let start = 0
  for (let firstIndex = 0; firstIndex < parts.length; firstIndex += PAGE_PARTS) {
    const page = { firstIndex, parts: parts.slice(firstIndex, firstIndex + PAGE_PARTS) }
    change.put(partListKey(bodyId, start), encodePartList(page))
    start += page.parts.reduce((sum, part) => sum + partSize(part), 0)
  }
  return { kind: 'part-list' }
}

/** All parts of an object that was uploaded in parts, as of durable rows. */
export function partsOf(catalog: Catalog, { body, bodyId }: ObjectFields): readonly BodyPart[] {
  if (body.kind === 'parts') return body.parts
  if (body.kind !== 'part-list' || bodyId === null) return []
  const pages = catalog.range(prefixRange(partListPrefix(bodyId)))
  return Array.from(pages, ({ value }) => decodePartList(value).parts).flat()
}
