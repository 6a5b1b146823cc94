import type { BucketName } from '../model/bucket-name.ts'
import { commit } from './commit.ts'
import { requireWriteConditions } from './conditions.ts'
import { dropObject } from './drop-object.ts'
import { bucketIn } from './find-bucket.ts'
import { fromLowerFloor } from './lower-errors.ts'
import type { DeleteItem, DeleteItemResult, DeleteObjectInput } from './object-store.ts'
import { objectKey } from './rows/keys.ts'
import type { StoreContext } from './store-context.ts'

/** Removes the current version of a key; that there is none is fine, unless If-Match was given. */
export async function deleteObject(context: StoreContext, input: DeleteObjectInput): Promise<void> {
  await commit(context.catalog, (change) => {
    change.freesSpace()
    const { id } = bucketIn(change, input.bucket)
    const key = objectKey(id, input.key)
    const row = change.read(key)
    requireWriteConditions(row, input.conditions)
    if (row === null) return
    dropObject(change, context, { bucketId: id, row })
    change.delete(key)
  })
}

/**
 * Of one request. Enough to share syncs; and a commit that drops an object of 10,000 parts holds
 * some megabytes of rows until it is durable.
 */
const DELETES_AT_A_TIME = 64

/** Each key is a commit of its own; they share syncs. */
export async function deleteObjects(
  context: StoreContext,
  bucket: BucketName,
  items: readonly DeleteItem[],
): Promise<readonly DeleteItemResult[]> {
  await commit(context.catalog, (change) => bucketIn(change, bucket))
  const results: DeleteItemResult[] = []
  const queue = items.entries()
  const deleteNext = async () => {
    for (const [index, item] of queue) results[index] = await deleteItem(context, bucket, item)
  }
  await Promise.all(Array.from({ length: DELETES_AT_A_TIME }, deleteNext))
  return results
}

async function deleteItem(
  context: StoreContext,
  bucket: BucketName,
  { key, ifMatch }: DeleteItem,
): Promise<DeleteItemResult> {
  try {
    const conditions = ifMatch === undefined ? {} : { ifMatch }
    await deleteObject(context, { bucket, key, conditions })
    return { key, deleted: true }
  } catch (error) {
    return { key, deleted: false, error: fromLowerFloor(error) }
  }
}
