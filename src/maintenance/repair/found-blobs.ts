/** What there is of blobs in segments, whatever any row says of them. */
import type { BlobRef } from '../../engine/blob-store.ts'
import { decodeRecipe } from '../../engine/recipe.ts'
import type { SegmentInfo, Segments } from '../../segment/segments.ts'
import { type Place, recordSpan } from '../../segment/types.ts'
import type { SegmentFamily } from '../../store/compaction/segment-family.ts'
import { decodeLabel, type Label } from '../../store/label.ts'
import { type BlobEntry, BlobTable } from '../check/blob-table.ts'
import { walkSegment } from '../segment-walk.ts'

export interface FoundBlobs {
  readonly table: BlobTable
  /** Of blobs that have a recipe, by name. */
  readonly recipes: ReadonlyMap<string, FoundRecipe>
  /** Segments in which something was lost that was there. */
  readonly damaged: readonly SegmentInfo[]
}

export interface FoundRecipe {
  readonly blob: Place
  readonly place: Place
  readonly size: number
  readonly chunkCount: number
  /** Null when it is none of this version. */
  readonly label: Label | null
  readonly storedSize: number
}

/** Reads every payload: only what verifies counts. */
export async function findBlobs(
  segments: Segments,
  family: SegmentFamily,
  signal: AbortSignal,
): Promise<FoundBlobs> {
  const table = new BlobTable()
  const recipes = new Map<string, FoundRecipe>()
  const damaged: SegmentInfo[] = []
  for (const info of [...segments.list('data'), ...segments.list('journal')]) {
    if (family.isReplaced(info.id)) continue
    const { damages } = await walkSegment(segments, info, {
      payloads: 'crc',
      onRecord: (header, payload) => {
        if (header.kind !== 'chunk' && header.kind !== 'recipe') return
        table.addRecord(header)
        const recipe = header.kind === 'recipe' && payload !== null ? decodeRecipe(payload) : null
        if (recipe === null || typeof recipe === 'string') return
        const { size, chunkCount } = recipe
        const { blob, place } = header
        const storedSize = recordSpan(header.storedSize)
        const label = decodeLabel(recipe.label)
        recipes.set(blobName(blob), { blob, place, size, chunkCount, label, storedSize })
      },
      signal,
    })
    if (damages.length > 0 || info.state === 'damaged') damaged.push(info)
  }
  return { table, recipes, damaged }
}

export function blobName({ segment, offset }: Place): string {
  return `${segment}:${offset}`
}

/** Why the blob a row names is not whole; null when it is. */
export function whyBroken(ref: BlobRef, table: BlobTable, family: SegmentFamily): string | null {
  const entry = table.get(ref.blob)
  if (entry === undefined) return `nothing is left of blob ${blobName(ref.blob)}`
  const expected = new Map<number, number>()
  for (const { segment, storedSize } of ref.extents) {
    const [heir = segment] = family.heirs(segment)
    expected.set(heir, (expected.get(heir) ?? 0) + storedSize)
  }
  for (const [segment, size] of expected) {
    const found = entry.found.get(segment)
    // What moved to a colder tier was made smaller on the way; its chunks are counted below.
    const isMoved = segment !== ref.blob.segment && found > 0
    if (found < size && !isMoved) {
      return `of blob ${blobName(ref.blob)} ${size - found} bytes are lost in segment ${segment}`
    }
  }
  if (ref.chunkCount > 1 && !entry.hasRecipe) {
    return `the recipe of blob ${blobName(ref.blob)} is lost`
  }
  const isWhole = entry.chunkCount === ref.chunkCount && entry.rawSize === ref.size
  return isWhole ? null : `blob ${blobName(ref.blob)} has not the chunks it should have`
}

/** The reference that would name a blob found with its recipe; null when it is not whole. */
export function refOf(recipe: FoundRecipe, entry: BlobEntry): BlobRef | null {
  const { blob, size, chunkCount } = recipe
  if (entry.chunkCount !== chunkCount || entry.rawSize !== size) return null
  const extents = Array.from(entry.found, ([segment, storedSize]) => ({ segment, storedSize }))
  // One chunk is found where the blob begins; more are found through the recipe.
  return { blob, place: chunkCount === 1 ? blob : recipe.place, size, chunkCount, extents }
}
