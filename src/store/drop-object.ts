import type { Change } from './change.ts'
import { dropBody } from './garbage.ts'
import type { StoreContext } from './store-context.ts'
import { subtractVersion } from './usage.ts'

/** Lets go of a version that a change replaces or deletes; a current one, if nothing is said. */
export function dropObject(
  change: Change,
  context: StoreContext,
  dropped: {
    readonly bucketId: number
    readonly row: Buffer
    readonly counter?: 'objects' | 'olderVersions'
  },
): void {
  const { bucketId, row, counter = 'objects' } = dropped
  dropBody(change, context.catalog, row)
  subtractVersion(change, bucketId, { row, counter })
}
