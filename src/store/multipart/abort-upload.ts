/** Uploads that come to nothing: aborted, or gone with their bucket. */
import type { Catalog } from '../../catalog/catalog.ts'
import type { Change } from '../change.ts'
import { commit } from '../commit.ts'
import { StoreError } from '../errors.ts'
import { markGarbage } from '../garbage.ts'
import {
  bucketIdOfRemoved,
  bucketSpaceRange,
  partChangeKey,
  partKey,
  partNumberOfPart,
  prefixRange,
  removedBucketKey,
  spaceRange,
  spaces,
  uploadIdOfUpload,
} from '../rows/keys.ts'
import { decodePart, type PartFields } from '../rows/part-row.ts'
import type { StoreContext } from '../store-context.ts'
import { addUsage } from '../usage.ts'
import { type UploadName, uploadIn } from './find-upload.ts'

export interface UploadedPart extends PartFields {
  readonly partNumber: number
}

export async function abortUpload(context: StoreContext, name: UploadName): Promise<void> {
  await commit(context.catalog, (change) => {
    const found = uploadIn(change, name)
    if (found === null) throw new StoreError('no-such-upload')
    freeUpload(change, context.catalog, found)
  })
}

/**
 * Frees the uploads of a bucket that is gone, each in a commit of its own, and forgets the bucket.
 * What fails here is done at the next start.
 */
export async function purgeRemovedBucket(context: StoreContext, bucketId: number): Promise<void> {
  const { catalog } = context
  for (;;) {
    const rowKey = firstUpload(catalog, bucketId)
    if (rowKey === null) break
    await commit(catalog, (change) => {
      if (change.read(rowKey) === null) return
      freeUpload(change, catalog, { bucketId, id: uploadIdOfUpload(rowKey), rowKey })
    })
  }
  await commit(catalog, (change) => {
    const key = removedBucketKey(bucketId)
    change.freesSpace()
    if (change.read(key) !== null) change.delete(key)
  })
}

/** Finishes what removals of buckets left when the process died. */
export async function purgeRemovedBuckets(context: StoreContext): Promise<void> {
  const removed = [...context.catalog.range(spaceRange(spaces.removedBucket))]
  for (const { key } of removed) await purgeRemovedBucket(context, bucketIdOfRemoved(key))
}

/**
 * The parts of an upload as of this change: a part that is committed before it shows, and one
 * committed later fails, because every part upload moves the counter read here.
 */
export function partsIn(change: Change, catalog: Catalog, id: Buffer): readonly UploadedPart[] {
  change.readCounter(partChangeKey(id))
  change.requireSettled()
  const range = prefixRange(partKey(id, 0).subarray(0, -2))
  return [...catalog.range(range)].map(({ key, value }) => ({
    partNumber: partNumberOfPart(key),
    ...decodePart(value),
  }))
}

/** Removes the rows of an upload; the parts' blobs are the caller's to keep or to drop. */
export function removeUpload(
  change: Change,
  found: { readonly bucketId: number; readonly id: Buffer; readonly rowKey: Buffer },
  parts: readonly UploadedPart[],
): void {
  const { bucketId, id, rowKey } = found
  change.delete(rowKey)
  const changes = change.readCounter(partChangeKey(id))
  if (changes !== 0) change.add(partChangeKey(id), -changes)
  for (const { partNumber } of parts) change.delete(partKey(id, partNumber))
  const partBytes = parts.reduce((sum, { ref }) => sum + (ref?.size ?? 0), 0)
  addUsage(change, bucketId, { uploads: -1, partBytes: -partBytes })
}

function freeUpload(
  change: Change,
  catalog: Catalog,
  found: { readonly bucketId: number; readonly id: Buffer; readonly rowKey: Buffer },
): void {
  change.freesSpace()
  const parts = partsIn(change, catalog, found.id)
  for (const { ref } of parts) if (ref !== null) markGarbage(change, ref)
  removeUpload(change, found, parts)
}

function firstUpload(catalog: Catalog, bucketId: number): Buffer | null {
  for (const { key } of catalog.range(bucketSpaceRange(spaces.upload, bucketId))) return key
  return null
}
