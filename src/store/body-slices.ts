/** Which bytes of which blobs make up a range of an object. */
import type { Catalog, Entry } from '../catalog/catalog.ts'
import type { BlobRef, ByteRange } from '../engine/blob-store.ts'
import { StoreError } from './errors.ts'
import type { ResolvedRange } from './object-store.ts'
import {
  partListKey,
  partListPrefix,
  prefixRange,
  startOfPartList,
  successor,
} from './rows/keys.ts'
import type { ObjectFields } from './rows/object-row.ts'
import {
  type BodyPart,
  decodePartList,
  firstIndexOf,
  type PartListPage,
  partSize,
} from './rows/part-list-row.ts'

export interface BodySlice {
  readonly ref: BlobRef
  readonly range: ByteRange
}

export interface PlacedPart {
  readonly part: BodyPart
  readonly range: ResolvedRange
}

/**
 * The slices of a range, in order. All rows they need are read here, in one synchronous run with
 * the object's own row, so a later overwrite does not disturb the reader.
 */
export function sliceBody(
  catalog: Catalog,
  object: ObjectFields,
  range: ResolvedRange,
): readonly BodySlice[] {
  const { body } = object
  if (range.start >= range.end) return []
  if (body.kind === 'blob') return [{ ref: body.ref, range }]
  const slices: BodySlice[] = []
  for (const { part, range: place } of partsFrom(catalog, object, range.start)) {
    if (place.start >= range.end) break
    const start = Math.max(range.start, place.start)
    const end = Math.min(range.end, place.end)
    if (part.ref === null || start >= end) continue
    slices.push({
      ref: part.ref,
      range: { start: start - place.start, end: end - place.start },
    })
  }
  const found = slices.reduce((sum, slice) => sum + slice.range.end - slice.range.start, 0)
  if (found !== range.end - range.start) {
    throw new StoreError('corruption', 'the parts of an object do not add up to its size')
  }
  return slices
}

/** The part with this index, from 0, of an object uploaded in parts; null when it has fewer. */
export function partAt(catalog: Catalog, object: ObjectFields, index: number): PlacedPart | null {
  if (index >= object.partCount) return null
  const page = pageWith(catalog, object, index)
  let left = index - page.firstIndex
  for (const placedPart of placed(page.parts, page.start)) {
    if (left === 0) return placedPart
    left -= 1
  }
  throw new StoreError('corruption', 'an object has fewer parts than its row says')
}

/** The parts around this one. Of the pages before it, only the heads are decoded. */
function pageWith(
  catalog: Catalog,
  { body, bodyId }: ObjectFields,
  index: number,
): PartListPage & { readonly start: number } {
  if (body.kind === 'parts') return { firstIndex: 0, parts: body.parts, start: 0 }
  let page: Entry | null = null
  if (body.kind === 'part-list' && bodyId !== null) {
    for (const entry of catalog.range(prefixRange(partListPrefix(bodyId)))) {
      if (firstIndexOf(entry.value) > index) break
      page = entry
    }
  }
  if (page === null) throw new StoreError('corruption', 'the parts of an object are gone')
  return { ...decodePartList(page.value), start: startOfPartList(page.key) }
}

/** Parts in order, from the page that holds `offset` on. */
function* partsFrom(
  catalog: Catalog,
  object: ObjectFields,
  offset: number,
): Generator<PlacedPart, void, void> {
  if (object.body.kind === 'parts') yield* placed(object.body.parts, 0)
  if (object.body.kind !== 'part-list' || object.bodyId === null) return
  const prefix = partListPrefix(object.bodyId)
  const end = successor(prefix)
  const start = pageHolding(catalog, prefix, partListKey(object.bodyId, offset))
  for (const { key, value } of catalog.range({ start, end })) {
    yield* placed(decodePartList(value).parts, startOfPartList(key))
  }
}

/** Key of the last page that starts at or before `position`. */
function pageHolding(catalog: Catalog, prefix: Buffer, position: Buffer): Buffer {
  const end = Buffer.concat([position, Buffer.from([0])])
  const page = first(catalog.range({ start: prefix, end, reverse: true }))
  if (page === null) throw new StoreError('corruption', 'the parts of an object are gone')
  return page.key
}

function first(entries: Iterable<Entry>): Entry | null {
  for (const entry of entries) return entry
  return null
}

function* placed(parts: readonly BodyPart[], offset: number): Generator<PlacedPart, void, void> {
  let start = offset
  for (const part of parts) {
    const end = start + partSize(part)
    yield { part, range: { start, end } }
    start = end
  }
}
