/** How much of each segment lives: from the segments and the totals of garbage, by lineage. */
import type { Catalog } from '../../catalog/catalog.ts'
import type { SegmentInfo, Segments } from '../../segment/segments.ts'
import type { Tier } from '../../segment/types.ts'
import { garbageTotals } from '../garbage-total.ts'
import type { SegmentFamily } from './segment-family.ts'

/** In bytes of records, headers and padding included. */
export interface TierSpace {
  /** Of blobs that something names or may name; of segments being written, commits as well. */
  readonly live: number
  /** Of blobs that nothing names, in files in use. */
  readonly dead: number
  /** Files that were replaced and wait for their last reader. */
  readonly reclaiming: number
}

/** All tiers together, and each. */
export interface SpaceUsage extends TierSpace {
  readonly tiers: Readonly<Record<Tier, TierSpace>>
}

export interface SpaceParts {
  readonly catalog: Catalog
  readonly segments: Segments
  readonly family: SegmentFamily
}

const HEADER_SIZE = 128

/** Dead bytes by live segment. */
export function deadSizes({
  catalog,
  family,
}: Pick<SpaceParts, 'catalog' | 'family'>): ReadonlyMap<number, number> {
  const sizes = new Map<number, number>()
  for (const { segment, storedSize } of garbageTotals(catalog)) {
    // A replaced segment has one heir at most.
    const [heir] = family.heirs(segment)
    if (heir !== undefined) sizes.set(heir, (sizes.get(heir) ?? 0) + storedSize)
  }
  return sizes
}

/** Bytes of records in the segment that nothing has been found dead of. */
export function liveSizeOf(info: SegmentInfo, deadSize: number): number {
  return Math.max(0, storedSizeOf(info) - deadSize)
}

/** Exact for what is durable at this moment. Takes time by the segment, not by the object. */
export function measureSpace(parts: SpaceParts): SpaceUsage {
  const dead = deadSizes(parts)
  const total = emptySpace()
  const byTier = { hot: emptySpace(), warm: emptySpace(), cold: emptySpace() }
  for (const info of [...parts.segments.list('data'), ...parts.segments.list('journal')]) {
    for (const space of [total, byTier[info.tier]]) {
      if (parts.family.isReplaced(info.id)) {
        space.reclaiming += info.dataSize
        continue
      }
      const deadSize = Math.min(dead.get(info.id) ?? 0, storedSizeOf(info))
      space.live += storedSizeOf(info) - deadSize
      space.dead += deadSize
    }
  }
  return { ...total, tiers: byTier }
}

type MutableSpace = { -readonly [Name in keyof TierSpace]: TierSpace[Name] }

function emptySpace(): MutableSpace {
  return { live: 0, dead: 0, reclaiming: 0 }
}

/** Of chunks and recipes; of a segment not sealed yet, of whatever there is. */
function storedSizeOf({ storedSize, dataSize }: SegmentInfo): number {
  return storedSize ?? Math.max(0, dataSize - HEADER_SIZE)
}
