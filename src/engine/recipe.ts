/** The payload of a recipe record: blob → its chunks (docs/format.md#recipe-payload). */
import type { Place } from '../segment/types.ts'

export const LABEL_SIZE_MAX = 4096

export interface RecipeChunk {
  readonly place: Place
  /** Of the payload. */
  readonly storedSize: number
}

/** Kept as it lies on disk: the recipe of 5 GiB has 5,120 chunks, and many recipes are cached. */
export interface Recipe {
  readonly size: number
  /** Raw size of every chunk but the last. */
  readonly chunkSize: number
  readonly label: Buffer
  readonly chunkCount: number
  /** `chunkCount` entries; read with `recipeChunk`. */
  readonly entries: Buffer
}

const FIXED_SIZE = 24
const ENTRY_SIZE = 12

/** Lays out the chunks of a blob in order. */
export function encodeRecipe(
  blob: { readonly size: number; readonly chunkSize: number; readonly label: Uint8Array },
  chunks: readonly RecipeChunk[],
): Buffer {
  const labelSize = blob.label.length
  const bytes = Buffer.alloc(FIXED_SIZE + labelSize + chunks.length * ENTRY_SIZE)
  bytes.writeBigUInt64LE(BigInt(blob.size), 0)
  bytes.writeUInt32LE(blob.chunkSize, 8)
  bytes.writeUInt32LE(chunks.length, 12)
  bytes.writeUInt16LE(labelSize, 16)
  bytes.set(blob.label, FIXED_SIZE)
  let at = FIXED_SIZE + labelSize
  for (const chunk of chunks) {
    bytes.writeUInt32LE(chunk.place.segment, at)
    bytes.writeUInt32LE(chunk.place.offset, at + 4)
    bytes.writeUInt32LE(chunk.storedSize, at + 8)
    at += ENTRY_SIZE
  }
  return bytes
}

/** The name of the first field that does not hold, instead of a recipe. */
export function decodeRecipe(bytes: Buffer): Recipe | string {
  if (bytes.length < FIXED_SIZE) return 'recipe is cut short'
  const size = Number(bytes.readBigUInt64LE(0))
  const chunkSize = bytes.readUInt32LE(8)
  const chunkCount = bytes.readUInt32LE(12)
  const labelEnd = FIXED_SIZE + bytes.readUInt16LE(16)
  if (bytes.readUIntLE(18, 6) !== 0) return 'recipe reserved bytes'
  if (bytes.length !== labelEnd + chunkCount * ENTRY_SIZE) return 'recipe size'
  if (chunkSize === 0 || chunkCount !== Math.ceil(size / chunkSize)) return 'recipe chunk count'
  const label = bytes.subarray(FIXED_SIZE, labelEnd)
  return { size, chunkSize, label, chunkCount, entries: bytes.subarray(labelEnd) }
}

/** @throws RangeError when the blob has no such chunk */
export function recipeChunk(recipe: Recipe, number: number): RecipeChunk {
  if (number < 0 || number >= recipe.chunkCount) throw new RangeError(`no chunk ${number}`)
  const at = number * ENTRY_SIZE
  const { entries } = recipe
  return {
    place: { segment: entries.readUInt32LE(at), offset: entries.readUInt32LE(at + 4) },
    storedSize: entries.readUInt32LE(at + 8),
  }
}
