/** Where the bytes of a storage class belong. */
import type { StorageClass } from '../model/storage-class.ts'
import type { Tier } from '../segment/types.ts'

/**
 * INTELLIGENT_TIERING begins hot; how much its segment is read decides where it goes from there, as
 * for all that is hot.
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
