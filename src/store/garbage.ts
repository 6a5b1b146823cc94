/**
 * Exact liveness: the commit that drops the last name of a blob writes down what it leaves behind,
 * per segment, and every blob is in exactly one state: named, or garbage.
 */
import type { Catalog } from '../catalog/catalog.ts'
import type { BlobRef } from '../engine/blob-store.ts'
import type { Change } from './change.ts'
import { StoreError } from './errors.ts'
import { encodeGarbage } from './rows/garbage-row.ts'
import {
  garbageKey,
  garbageTotalKey,
  partListPrefix,
  prefixRange,
  referenceKey,
} from './rows/keys.ts'
import { decodeObject, type ObjectFields } from './rows/object-row.ts'
import { decodePartList } from './rows/part-list-row.ts'

/** Writes down that nothing names this blob any more. */
export function markGarbage(change: Change, ref: Pick<BlobRef, 'blob' | 'extents'>): void {
  for (const { segment, storedSize } of ref.extents) {
    change.put(garbageKey(segment, ref.blob), encodeGarbage(storedSize))
    change.add(garbageTotalKey(segment), storedSize)
  }
}

/** Lets go of the body of an object row that this change replaces or deletes. */
export function dropBody(change: Change, catalog: Catalog, row: Buffer): void {
  const object = decodeObject(row)
  if (object.bodyId === null) return
  if (object.isShared) {
    const key = referenceKey(object.bodyId)
    const references = change.readCounter(key)
    if (references < 1) throw new StoreError('corruption', 'a shared body has no references')
    change.add(key, -1)
    if (references > 1) return
  }
  freeBody(change, catalog, object)
}

function freeBody(change: Change, catalog: Catalog, object: ObjectFields): void {
  const { body, bodyId } = object
  if (body.kind === 'blob') markGarbage(change, body.ref)
  if (body.kind === 'parts') {
    for (const { ref } of body.parts) if (ref !== null) markGarbage(change, ref)
  }
  if (body.kind !== 'part-list' || bodyId === null) return
  // Pages appear and go with the row that names them, so they are read as of a durable row.
  change.requireSettled()
  for (const { key, value } of catalog.range(prefixRange(partListPrefix(bodyId)))) {
    change.delete(key)
    for (const { ref } of decodePartList(value).parts) if (ref !== null) markGarbage(change, ref)
  }
}
