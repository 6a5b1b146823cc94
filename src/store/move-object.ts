/**
 * Takes a version to another storage class, and its bytes to the tier of that class. The bytes are
 * durable in their new place before the one commit that names it and lets go of the old ones.
 */
import { commit } from './commit.ts'
import { requireBucket } from './find-bucket.ts'
import { type ReadRow, requireVersion, type VersionRow } from './find-version.ts'
import { dropBody } from './garbage.ts'
import { movedLabel } from './label.ts'
import type { MoveObjectInput } from './object-store.ts'
import { liesApart, tierOf } from './placement.ts'
import { leaveGarbage, type RewrittenBody, rewriteBody, takeOver } from './rewrite-body.ts'
import { decodeObject, encodeObjectRow, type ObjectFields } from './rows/object-row.ts'
import type { MovingContext } from './store-context.ts'
import { countBytes } from './usage.ts'

export async function moveObject(context: MovingContext, input: MoveObjectInput): Promise<boolean> {
  const { storageClass, signal, bucket: name, key } = input
  const bucket = requireBucket(context.catalog, name)
  return moveVersion(context, {
    bucketId: bucket.id,
    find: (read) => requireVersion(read, bucket, input),
    storageClass,
    named: { bucket: name, key },
    signal,
  })
}

export interface MoveOrder extends Pick<MoveObjectInput, 'signal'> {
  readonly bucketId: number
  /** The row of the version; null when there is none any more. */
  readonly find: (read: ReadRow) => VersionRow | null
  /** Null: the one it has. */
  readonly storageClass: ObjectFields['storageClass'] | null
  /** For the labels of the new blobs. */
  readonly named: Pick<MoveObjectInput, 'bucket' | 'key'>
}

/** For an order that knows where the row is. */
export function rowAt(key: Buffer, row: Buffer | null): VersionRow | null {
  return row === null ? null : { key, row }
}

/**
 * False when the version is gone, or when its bytes were replaced meanwhile or belong elsewhere by
 * then: nothing is changed.
 */
export async function moveVersion(context: MovingContext, order: MoveOrder): Promise<boolean> {
  const { catalog, engine, clock } = context
  const found = order.find((key) => catalog.get(key))
  if (found === null) return false
  const object = decodeObject(found.row)
  const tier = tierOf(order.storageClass ?? object.storageClass, engine.tiers)
  const isInPlace =
    object.bodyId === null || (object.tier === tier && !liesApart(context, object, tier))
  if (isInPlace) return commitMove(context, order, { object, rewritten: null })
  const label = movedLabel({ ...order.named, writtenAt: clock.now() }, object)
  const rewritten = await rewriteBody(context, object, { tier, label, signal: order.signal })
  let isMoved = false
  try {
    isMoved = await commitMove(context, order, { object, rewritten })
    return isMoved
  } finally {
    if (!isMoved) await leaveGarbage(context, rewritten.refs)
  }
}

interface Move {
  /** As it was when its bytes were read. */
  readonly object: ObjectFields
  /** Null when they stay where they are. */
  readonly rewritten: RewrittenBody | null
}

function commitMove(
  { catalog, engine }: MovingContext,
  { bucketId, find, storageClass }: MoveOrder,
  { object, rewritten }: Move,
): Promise<boolean> {
  return commit(catalog, (change) => {
    const found = find((key) => change.read(key))
    if (found === null) return false
    const now = decodeObject(found.row)
    if (!isSameBody(now, object)) return false
    const wanted = storageClass ?? now.storageClass
    if (rewritten !== null && rewritten.tier !== tierOf(wanted, engine.tiers)) return false
    const moved: ObjectFields = {
      ...now,
      storageClass: wanted,
      ...(rewritten !== null && takeOver(change, rewritten)),
    }
    const row = encodeObjectRow(moved)
    if (row.equals(found.row)) return true
    change.put(found.key, row)
    if (rewritten === null) return true
    dropBody(change, catalog, found.row)
    countBytes(change, bucketId, { object: now, sign: -1 })
    countBytes(change, bucketId, { object: moved, sign: 1 })
    return true
  })
}

function isSameBody(one: ObjectFields, other: ObjectFields): boolean {
  const [left, right] = [one.bodyId, other.bodyId]
  return left?.segment === right?.segment && left?.offset === right?.offset
}
