/** Which whole segments go to a colder tier: pure arithmetic over what is known of them. */
import type { Tier } from '../../segment/types.ts'

export interface TieredSegment {
  readonly id: number
  readonly tier: Tier
  /** Milliseconds since it came to its tier. */
  readonly ageMs: number
  /** Reads, each counting for less the longer ago it was. */
  readonly heat: number
}

export interface TierPolicy {
  /** Tiers that segments can be moved to. */
  readonly tiers: readonly Tier[]
  /** Age from which a segment belongs in the tier; null: never by age. */
  readonly warmAfterMs: number | null
  readonly coldAfterMs: number | null
  /** A segment that is hotter stays where it is, whatever its age. */
  readonly heatMax: number
}

export interface TierMove {
  readonly source: number
  readonly tier: Tier
}

/** The move to make next: of the segment that has waited longest. Null when all are in place. */
export function chooseMove(
  segments: readonly TieredSegment[],
  policy: TierPolicy,
): TierMove | null {
  let best: (TierMove & { readonly ageMs: number }) | null = null
  for (const segment of segments) {
    const tier = tierByAge(segment, policy)
    if (tier === segment.tier || segment.heat > policy.heatMax) continue
    if (best !== null && best.ageMs >= segment.ageMs) continue
    best = { source: segment.id, tier, ageMs: segment.ageMs }
  }
  return best === null ? null : { source: best.source, tier: best.tier }
}

/** The coldest tier it is old enough for; never a hotter one than it is in. */
function tierByAge(
  { tier, ageMs }: TieredSegment,
  { tiers, warmAfterMs, coldAfterMs }: TierPolicy,
): Tier {
  const isOldEnough = (afterMs: number | null) => afterMs !== null && ageMs >= afterMs
  if (tier !== 'cold' && tiers.includes('cold') && isOldEnough(coldAfterMs)) return 'cold'
  if (tier === 'hot' && tiers.includes('warm') && isOldEnough(warmAfterMs)) return 'warm'
  return tier
}
