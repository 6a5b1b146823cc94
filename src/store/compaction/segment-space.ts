/** How much of each segment lives: from the segments and the garbage rows, resolved by lineage. */
import type { Catalog } from '../../catalog/catalog.ts'
import { pause } from '../../engine/compaction/pace.ts'
import type { SegmentInfo, Segments } from '../../segment/segments.ts'
import { decodeGarbage } from '../rows/garbage-row.ts'
import { segmentOfGarbage, spaces, successor } from '../rows/keys.ts'
import type { SegmentFamily } from './segment-family.ts'

export interface SpaceUsage {
  /** Bytes of records of blobs that something names or may name, journal commits among them. */
  readonly live: number
  /** Bytes of records of blobs that nothing names, in files in use. */
  readonly dead: number
  /** Bytes of files that were replaced and wait for their last reader. */
  readonly reclaiming: number
}

export interface SpaceParts {
  readonly catalog: Catalog
  readonly segments: Segments
  readonly family: SegmentFamily
}

/** Rows looked at before others get their turn. */
const PAGE_COUNT = 2000
const HEADER_SIZE = 128

/** Dead bytes by live segment. */
export async function deadSizes(
  { catalog, family }: Pick<SpaceParts, 'catalog' | 'family'>,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, number>> {
  const sizes = new Map<number, number>()
  let start = Buffer.from([spaces.garbage])
  const end = successor(start)
  for (;;) {
    let count = 0
    for (const { key, value } of catalog.range({ start, end })) {
      const size = decodeGarbage(value)
      // A replaced segment has one heir at most.
      const [heir] = family.heirs(segmentOfGarbage(key))
      if (heir !== undefined) sizes.set(heir, (sizes.get(heir) ?? 0) + size)
      start = Buffer.concat([key, Buffer.from([0])])
      if (++count === PAGE_COUNT) break
    }
    if (count < PAGE_COUNT) return sizes
    await pause(0, signal)
  }
}

/** Bytes of records in the segment that nothing has been found dead of. */
export function liveSizeOf(info: SegmentInfo, deadSize: number): number {
  return Math.max(0, storedSizeOf(info) - deadSize)
}

export async function measureSpace(parts: SpaceParts, signal: AbortSignal): Promise<SpaceUsage> {
  const deadSizesNow = await deadSizes(parts, signal)
  let [live, dead, reclaiming] = [0, 0, 0]
  for (const info of [...parts.segments.list('data'), ...parts.segments.list('journal')]) {
    if (parts.family.isReplaced(info.id)) {
      reclaiming += info.dataSize
      continue
    }
    const deadSize = Math.min(deadSizesNow.get(info.id) ?? 0, storedSizeOf(info))
    live += storedSizeOf(info) - deadSize
    dead += deadSize
  }
  return { live, dead, reclaiming }
}

/** Of chunks and recipes; of a segment not sealed yet, of whatever there is. */
function storedSizeOf({ storedSize, dataSize }: SegmentInfo): number {
  return storedSize ?? Math.max(0, dataSize - HEADER_SIZE)
}
