/** Reads chunks of blobs: finds, verifies, decompresses; knows recipes. */
import { LruMap } from '../base/lru-map.ts'
import { SegmentError } from '../segment/errors.ts'
import { type Place, RECIPE_NUMBER, recordSpan, type StoredRecord } from '../segment/types.ts'
import type { BlobRef } from './blob-store.ts'
import { codecOf } from './compression/choose.ts'
import { CodecError } from './compression/codec.ts'
import type { MutableCounters } from './events.ts'
import type { Lookup } from './lookup/lookup.ts'
import { decodeRecipe, type Recipe, recipeChunk } from './recipe.ts'

/** Span of a record without payload: what an extent has that a payload has not. */
const EMPTY_SPAN = recordSpan(0)

export class BlobReading {
  readonly #lookup: Lookup
  readonly #counters: MutableCounters
  readonly #recipes: LruMap<string, Recipe>

  constructor(lookup: Lookup, counters: MutableCounters, recipeCountMax: number) {
    this.#lookup = lookup
    this.#counters = counters
    this.#recipes = new LruMap(recipeCountMax)
  }

  /** The raw bytes of a blob's only chunk. */
  async onlyChunk(ref: BlobRef): Promise<Buffer> {
    const [extent, ...others] = ref.extents
    // The extent is the chunk, and at most a recipe: one read of it surely holds the chunk.
    const isWhole = extent !== undefined && others.length === 0
    const storedSize = isWhole ? extent.storedSize - EMPTY_SPAN : undefined
    return this.#chunk(ref, 0, { place: ref.place, storedSize, rawSize: ref.size })
  }

  /** The raw bytes of one chunk of a blob with a recipe. */
  async chunk(ref: BlobRef, recipe: Recipe, number: number): Promise<Buffer> {
    const chunk = recipeChunk(recipe, number)
    const rawSize = Math.min(recipe.chunkSize, ref.size - number * recipe.chunkSize)
    return this.#chunk(ref, number, { ...chunk, rawSize })
  }

  async recipe(ref: BlobRef): Promise<Recipe> {
    const name = `${ref.blob.segment}:${ref.blob.offset}`
    const known = this.#recipes.get(name)
    if (known !== undefined) return known
    const hint = { place: ref.place, storedSize: undefined }
    const record = await this.#lookup.read({ blob: ref.blob, number: RECIPE_NUMBER }, hint)
    const recipe = decodeRecipe(record.payload)
    if (typeof recipe === 'string') throw damaged(record, recipe)
    if (recipe.size !== ref.size) throw damaged(record, 'blob size')
    if (recipe.chunkCount !== ref.chunkCount) throw damaged(record, 'chunk count')
    this.#recipes.set(name, recipe)
    return recipe
  }

  async #chunk(ref: BlobRef, number: number, expected: ExpectedChunk): Promise<Buffer> {
    const record = await this.#lookup.read({ blob: ref.blob, number }, expected)
    const { kind, codec, rawSize } = record.header
    if (kind !== 'chunk') throw damaged(record, 'record kind')
    if (rawSize !== expected.rawSize) throw damaged(record, 'raw size')
    this.#counters.chunksRead += 1
    try {
      return await codecOf[codec].decompress(record.payload, rawSize)
    } catch (error) {
      throw error instanceof CodecError ? damaged(record, error.message, error) : error
    }
  }
}

interface ExpectedChunk {
  readonly place: Place
  readonly storedSize: number | undefined
  readonly rawSize: number
}

function damaged(record: StoredRecord, field: string, cause?: unknown): SegmentError {
  const { segment, offset } = record.header.place
  return new SegmentError('corruption', { file: `segment ${segment}`, offset, field }, { cause })
}
