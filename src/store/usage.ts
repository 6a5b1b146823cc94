/** Exact usage per bucket: counters moved by the very commit that changes what they count. */
import { type Catalog, counterValue } from '../catalog/catalog.ts'
import type { Tier } from '../segment/types.ts'
import type { Change } from './change.ts'
import type { BucketUsage } from './object-store.ts'
import { counterKey, type UsageName, usageNames } from './rows/keys.ts'
import { decodeObjectHead, type ObjectHeadFields } from './rows/object-row.ts'

export type UsageDelta = Partial<Record<UsageName, number>>

export function addUsage(change: Change, bucketId: number, delta: UsageDelta): void {
  for (const name in delta) {
    change.add(counterKey(bucketId, name as UsageName), delta[name as UsageName] ?? 0)
  }
}

interface Counted {
  readonly object: Pick<ObjectHeadFields, 'size' | 'storedSize' | 'tier'>
  readonly sign: 1 | -1
}

/** Counts a version that comes or goes: its bytes, and itself among those it is one of. */
export function countVersion(
  change: Change,
  bucketId: number,
  counted: Counted & { readonly counter: 'objects' | 'olderVersions' },
): void {
  change.add(counterKey(bucketId, counted.counter), counted.sign)
  countBytes(change, bucketId, counted)
}

/** In the tier as well when that is not hot. */
export function countBytes(change: Change, bucketId: number, { object, sign }: Counted): void {
  const [bytes, storedBytes] = [sign * object.size, sign * object.storedSize]
  change.add(counterKey(bucketId, 'bytes'), bytes)
  change.add(counterKey(bucketId, 'storedBytes'), storedBytes)
  if (object.tier === 'hot') return
  const names = tierCounters[object.tier]
  change.add(counterKey(bucketId, names.bytes), bytes)
  change.add(counterKey(bucketId, names.storedBytes), storedBytes)
}

/** What counts the bytes of a tier; those of the hot one are the rest. */
export const tierCounters = {
  warm: { bytes: 'warmBytes', storedBytes: 'warmStoredBytes' },
  cold: { bytes: 'coldBytes', storedBytes: 'coldStoredBytes' },
} as const satisfies Record<Exclude<Tier, 'hot'>, Record<'bytes' | 'storedBytes', UsageName>>

/** Takes away what an object row that goes had added. */
export function subtractVersion(
  change: Change,
  bucketId: number,
  { row, counter }: { readonly row: Buffer; readonly counter: 'objects' | 'olderVersions' },
): void {
  countVersion(change, bucketId, { object: decodeObjectHead(row), counter, sign: -1 })
}

export function readUsage(catalog: Catalog, bucketId: number): BucketUsage {
  const count = (name: UsageName) => counterValue(catalog.get(counterKey(bucketId, name)))
  const [bytes, storedBytes] = [count('bytes'), count('storedBytes')]
  const warm = { bytes: count('warmBytes'), storedBytes: count('warmStoredBytes') }
  const cold = { bytes: count('coldBytes'), storedBytes: count('coldStoredBytes') }
  const hot = {
    bytes: bytes - warm.bytes - cold.bytes,
    storedBytes: storedBytes - warm.storedBytes - cold.storedBytes,
  }
  return {
    objects: count('objects'),
    olderVersions: count('olderVersions'),
    bytes,
    storedBytes,
    tiers: { hot, warm, cold },
    uploads: count('uploads'),
    partBytes: count('partBytes'),
  }
}

export const usageCounters = Object.keys(usageNames) as readonly UsageName[]
