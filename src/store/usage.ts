/** Exact usage per bucket: counters moved by the very commit that changes what they count. */
import { type Catalog, counterValue } from '../catalog/catalog.ts'
import type { Change } from './change.ts'
import type { BucketUsage } from './object-store.ts'
import { counterKey, type UsageName, usageNames } from './rows/keys.ts'
import { decodeObjectHead } from './rows/object-row.ts'

export type UsageDelta = Partial<Record<UsageName, number>>

export function addUsage(change: Change, bucketId: number, delta: UsageDelta): void {
  for (const [name, amount] of Object.entries(delta)) {
    if (amount !== 0) change.add(counterKey(bucketId, name as UsageName), amount)
  }
}

/** Takes away what an object row that goes had added. */
export function subtractVersion(
  change: Change,
  bucketId: number,
  { row, counter }: { readonly row: Buffer; readonly counter: 'objects' | 'olderVersions' },
): void {
  const { size, storedSize } = decodeObjectHead(row)
  addUsage(change, bucketId, { [counter]: -1, bytes: -size, storedBytes: -storedSize })
}

export function readUsage(catalog: Catalog, bucketId: number): BucketUsage {
  const count = (name: UsageName) => counterValue(catalog.get(counterKey(bucketId, name)))
  return {
    objects: count('objects'),
    olderVersions: count('olderVersions'),
    bytes: count('bytes'),
    storedBytes: count('storedBytes'),
    uploads: count('uploads'),
    partBytes: count('partBytes'),
  }
}

export const usageCounters = Object.keys(usageNames) as readonly UsageName[]
