/**
 * Small bodies ride in their commit, so that they cost one sync whatever their storage class; the
 * commit also says that they belong elsewhere, and the background takes them there
 * (docs/rows.md#pending-move).
 */
import type { ObjectKey } from '../model/object-key.ts'
import type { Change } from './change.ts'
import { pendingMoveKey } from './rows/keys.ts'
import { encodePendingMove } from './rows/pending-move-row.ts'

/** The current object of this key is to be taken to the tier of its class. */
export function planMove(change: Change, bucketId: number, key: ObjectKey): void {
  change.put(pendingMoveKey(bucketId, key), encodePendingMove())
}
