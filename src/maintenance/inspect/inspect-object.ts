/** An object followed to its bytes: key, row, blob references, lineage, records. */
import type { BlobRef } from '../../engine/blob-store.ts'
import { decodeRecipe, recipeChunk } from '../../engine/recipe.ts'
import { SegmentError } from '../../segment/errors.ts'
import type { Segments } from '../../segment/segments.ts'
import {
  type Place,
  RECIPE_NUMBER,
  type RecordKey,
  type StoredRecord,
} from '../../segment/types.ts'
import { sliceBody } from '../../store/body-slices.ts'
import { SegmentFamily } from '../../store/compaction/segment-family.ts'
import { decodeBucket } from '../../store/rows/bucket-row.ts'
import { bucketKey, historyPosition, objectKey, prefixRange } from '../../store/rows/keys.ts'
import { isMarker } from '../../store/rows/marker-row.ts'
import { decodeObject } from '../../store/rows/object-row.ts'
import type { StoreGround } from '../store-ground.ts'
import { holdStore, openView, type StoreView } from '../view/store-view.ts'
import { describeRow } from './describe-row.ts'
import { type Item, type PlainFields, plainFields } from './plain.ts'

/**
 * The current version and every older one. Nothing at all when the bucket is not there.
 *
 * @throws MaintenanceError `unusable`
 */
export async function* inspectObject(
  ground: StoreGround,
  { bucket, key }: { readonly bucket: string; readonly key: string },
): AsyncGenerator<Item> {
  await using held = await holdStore(ground, { serving: 'allowed' })
  await using view = await openView(ground, held)
  const { catalog } = view
  const row = catalog.get(bucketKey(bucket))
  if (row === null) return
  yield rowItem('bucket', bucketKey(bucket), row)
  const { id } = decodeBucket(row)
  const current = catalog.get(objectKey(id, key))
  if (current !== null) {
    yield rowItem('object', objectKey(id, key), current)
    yield* bodyOf(view, current)
  }
  for (const entry of catalog.range(prefixRange(historyPosition(id, Buffer.from(key))))) {
    yield rowItem('older version', entry.key, entry.value)
    if (!isMarker(entry.value)) yield* bodyOf(view, entry.value)
  }
}

function rowItem(what: string, key: Buffer, value: Buffer): Item {
  return { what, offset: null, fields: plainFields(describeRow(key, value)), damage: null }
}

async function* bodyOf(view: StoreView, row: Buffer): AsyncGenerator<Item> {
  const object = decodeObject(row)
  const family = SegmentFamily.load(view.catalog)
  for (const { ref } of sliceBody(view.catalog, object, { start: 0, end: object.size })) {
    yield { what: 'blob', offset: null, fields: plainFields(ref), damage: null }
    yield* new BlobTrail(view.segments, family, ref).items()
  }
}

class BlobTrail {
  readonly #segments: Segments
  readonly #family: SegmentFamily
  readonly #ref: BlobRef

  constructor(segments: Segments, family: SegmentFamily, ref: BlobRef) {
    this.#segments = segments
    this.#family = family
    this.#ref = ref
  }

  async *items(): AsyncGenerator<Item> {
    const { blob, place, chunkCount } = this.#ref
    if (chunkCount === 1) {
      yield (await this.#record({ blob, number: 0 }, place)).item
      return
    }
    const { item, record } = await this.#record({ blob, number: RECIPE_NUMBER }, place)
    yield item
    const recipe = record === null ? 'unreadable' : decodeRecipe(record.payload)
    if (typeof recipe === 'string') return
    for (let number = 0; number < recipe.chunkCount; number++) {
      yield (await this.#record({ blob, number }, recipeChunk(recipe, number).place)).item
    }
  }

  /** One record, where it is now, and how it was found. */
  async #record(
    key: RecordKey,
    written: Place,
  ): Promise<{ readonly item: Item; readonly record: StoredRecord | null }> {
    const heirs = this.#family.heirs(written.segment)
    const isMoved = this.#family.isReplaced(written.segment)
    const what = key.number === RECIPE_NUMBER ? 'recipe' : 'chunk'
    const trail: PlainFields = {
      number: key.number,
      written: `${written.segment}:${written.offset}`,
      ...(isMoved ? { replacedBy: [...heirs] } : {}),
    }
    try {
      const place = isMoved ? await this.#locate(key, heirs) : written
      if (place === null) {
        return { item: { what, offset: null, fields: trail, damage: 'not found' }, record: null }
      }
      const record = await this.#segments.read(place)
      const { segment, offset } = record.header.place
      const { codec, rawSize, storedSize } = record.header
      const fields = { ...trail, segment, codec, rawSize, storedSize }
      return { item: { what, offset, fields, damage: null }, record }
    } catch (error) {
      if (!(error instanceof SegmentError)) throw error
      return { item: { what, offset: null, fields: trail, damage: error.message }, record: null }
    }
  }

  async #locate(key: RecordKey, heirs: readonly number[]): Promise<Place | null> {
    for (const heir of heirs) {
      if (!this.#segments.has(heir) || !this.#segments.mayHold(heir, key)) continue
      const { place } = await this.#segments.find(heir, key)
      if (place !== null) return place
    }
    return null
  }
}
