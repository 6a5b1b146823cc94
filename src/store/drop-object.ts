import type { Change } from './change.ts'
import { dropBody } from './garbage.ts'
import type { StoreContext } from './store-context.ts'
import { subtractObject } from './usage.ts'

/** Lets go of the version that a change replaces or deletes. */
export function dropObject(
  change: Change,
  context: StoreContext,
  { bucketId, row }: { readonly bucketId: number; readonly row: Buffer },
): void {
  dropBody(change, context.catalog, row)
  subtractObject(change, bucketId, row)
}
