/** Where the bytes of a storage class belong. */
import type { StorageClass } from '../model/storage-class.ts'
import type { Tier } from '../segment/types.ts'
import { partsOf } from './body-parts.ts'
import type { ObjectFields } from './rows/object-row.ts'
import type { MovingContext } from './store-context.ts'

/**
 * INTELLIGENT_TIERING begins hot; how much its segment is read decides where it goes from there,
 * and how much it is read itself, when it comes back, as for all that is hot.
 */
const tierOfClass: Readonly<Record<StorageClass, Tier>> = {
  STANDARD: 'hot',
  REDUCED_REDUNDANCY: 'hot',
  INTELLIGENT_TIERING: 'hot',
  STANDARD_IA: 'warm',
  ONEZONE_IA: 'warm',
  GLACIER_IR: 'cold',
  GLACIER: 'cold',
  DEEP_ARCHIVE: 'cold',
}

/** Of the tiers there are, the one for this class: where its own is missing, the next hotter one. */
export function tierOf(storageClass: StorageClass, tiers: readonly Tier[]): Tier {
  const tier = tierOfClass[storageClass]
  if (tiers.includes(tier)) return tier
  return tier === 'cold' && tiers.includes('warm') ? 'warm' : 'hot'
}

/** Whether bytes lie elsewhere than in this tier, where age took them whatever their row says. */
export function liesApart(
  { catalog, engine }: Pick<MovingContext, 'catalog' | 'engine'>,
  object: ObjectFields,
  tier: Tier,
): boolean {
  const { body } = object
  if (engine.tiers.length === 1) return false
  if (body.kind === 'blob') return engine.tierOf(body.ref) !== tier
  return partsOf(catalog, object).some(({ ref }) => ref !== null && engine.tierOf(ref) !== tier)
}
