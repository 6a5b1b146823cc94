/** The payload of a recipe record: blob → its chunks (docs/format.md#recipe-payload). */
import type { Place } from '../segment/types.ts'

export const LABEL_SIZE_MAX = 4096

export interface RecipeChunk {
  readonly place: Place
  /** Of the payload. */
  readonly storedSize: number
}

export interface Recipe {
  readonly size: number
  /** Raw size of every chunk but the last. */
  readonly chunkSize: number
  readonly label: Buffer
  readonly chunks: readonly RecipeChunk[]
}

const FIXED_SIZE = 24
const CHUNK_SIZE = 12

export function encodeRecipe(recipe: Recipe): Buffer {
  const labelSize = recipe.label.length
  const bytes = Buffer.alloc(FIXED_SIZE + labelSize + recipe.chunks.length * CHUNK_SIZE)
  bytes.writeBigUInt64LE(BigInt(recipe.size), 0)
  bytes.writeUInt32LE(recipe.chunkSize, 8)
  bytes.writeUInt32LE(recipe.chunks.length, 12)
  bytes.writeUInt16LE(labelSize, 16)
  bytes.set(recipe.label, FIXED_SIZE)
  let at = FIXED_SIZE + labelSize
  for (const chunk of recipe.chunks) {
    bytes.writeUInt32LE(chunk.place.segment, at)
    bytes.writeUInt32LE(chunk.place.offset, at + 4)
    bytes.writeUInt32LE(chunk.storedSize, at + 8)
    at += CHUNK_SIZE
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
  if (bytes.length !== labelEnd + chunkCount * CHUNK_SIZE) return 'recipe size'
  if (chunkSize === 0 || chunkCount !== Math.ceil(size / chunkSize)) return 'recipe chunk count'
  const chunks: RecipeChunk[] = []
  for (let at = labelEnd; at < bytes.length; at += CHUNK_SIZE) {
    chunks.push({
      place: { segment: bytes.readUInt32LE(at), offset: bytes.readUInt32LE(at + 4) },
      storedSize: bytes.readUInt32LE(at + 8),
    })
  }
  return { size, chunkSize, label: Buffer.from(bytes.subarray(FIXED_SIZE, labelEnd)), chunks }
}
