/** Reads chunks of blobs: finds, verifies, decompresses; knows recipes. */
import { LRUCache } from 'lru-cache'
import { SegmentError } from '../segment/errors.ts'
import { type Place, RECIPE_NUMBER, recordSpan, type StoredRecord } from '../segment/types.ts'
import type { BlobRef } from './blob-store.ts'
import { codecOf } from './compression/choose.ts'
import { CodecError } from './compression/codec.ts'
import type { MutableCounters } from './events.ts'
import type { Lookup } from './lookup/lookup.ts'
import { decodeRecipe, type Recipe, recipeChunk } from './recipe.ts'

/** Larger chunks are not kept: reading them is cheap beside sending them. */
const CACHED_SIZE_MAX = 64 * 1024
/** What a chunk in memory takes beside its bytes, roughly. */
const CHUNK_OVERHEAD = 250
/** A Map takes no more than twice as many: of very small chunks a very large cache holds fewer. */
const CACHED_COUNT_MAX = 2 ** 23
/** Blob ids up to this segment fit into a number, exactly: offsets are multiples of 8. */
const CACHED_SEGMENT_MAX = 2 ** 24 - 1

/** Span of a record without payload: what an extent has that a payload has not. */
const EMPTY_SPAN = recordSpan(0)

export class BlobReading {
  readonly #lookup: Lookup
  readonly #counters: MutableCounters
  readonly #recipes: LRUCache<string, Recipe>
  /** Small blobs by blob id. A blob never changes, so nothing here can be outdated. */
  readonly #small: LRUCache<number, Buffer> | null

  constructor(lookup: Lookup, counters: MutableCounters, options: BlobReadingOptions) {
    this.#lookup = lookup
    this.#counters = counters
    const { recipeCountMax, cacheSizeMax } = options
    this.#recipes = new LRUCache({ max: recipeCountMax })
    const sizeMin = Math.ceil(cacheSizeMax / CACHED_COUNT_MAX)
    this.#small =
      cacheSizeMax === 0
        ? null
        : new LRUCache({
            maxSize: cacheSizeMax,
            sizeCalculation: (bytes) => Math.max(bytes.length + CHUNK_OVERHEAD, sizeMin),
          })
  }

  /** The raw bytes of a blob's only chunk, if it was read a short while ago. */
  cached(ref: BlobRef): Buffer | undefined {
    if (!isSmall(ref)) return undefined
    const bytes = this.#small?.get(cacheKey(ref))
    // Whoever asks with a wrong reference is told so by the disk.
    return bytes?.length === ref.size ? bytes : undefined
  }

  /** The raw bytes of a blob's only chunk. They are shared, and must not be changed. */
  async onlyChunk(ref: BlobRef): Promise<Buffer> {
    const [extent, ...others] = ref.extents
    // The extent is the chunk, and at most a recipe: one read of it surely holds the chunk.
    const isWhole = extent !== undefined && others.length === 0
    const storedSize = isWhole ? extent.storedSize - EMPTY_SPAN : undefined
    const bytes = await this.#chunk(ref, 0, { place: ref.place, storedSize, rawSize: ref.size })
    if (this.#small !== null && isSmall(ref)) this.#small.set(cacheKey(ref), ownBytes(bytes))
    return bytes
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

/** Bytes that keep nothing else alive: what is not written yet lies in a writer's large buffer. */
function ownBytes(bytes: Buffer): Buffer {
  if (bytes.buffer.byteLength - bytes.length <= CHUNK_OVERHEAD) return bytes
  const own = Buffer.allocUnsafeSlow(bytes.length)
  bytes.copy(own)
  return own
}

/** Whether it is worth keeping, and has a key to keep it by. */
function isSmall({ size, blob }: BlobRef): boolean {
  return size <= CACHED_SIZE_MAX && blob.segment <= CACHED_SEGMENT_MAX
}

function cacheKey({ blob }: BlobRef): number {
  return blob.segment * 2 ** 29 + blob.offset / 8
}

export interface BlobReadingOptions {
  /** Recipes kept in memory. */
  readonly recipeCountMax: number
  /** Bytes of small blobs kept in memory; 0: none. */
  readonly cacheSizeMax: number
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
