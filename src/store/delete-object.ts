import type { BucketName } from '../model/bucket-name.ts'
import { NULL_VERSION_ID } from '../model/version-id.ts'
import type { Change } from './change.ts'
import { commit } from './commit.ts'
import { requireWriteConditions } from './conditions.ts'
import { dropObject } from './drop-object.ts'
import { bucketIn } from './find-bucket.ts'
import { fromLowerFloor } from './lower-errors.ts'
import type { Deleted, DeleteItem, DeleteItemResult, DeleteObjectInput } from './object-store.ts'
import type { BucketFields } from './rows/bucket-row.ts'
import { objectKey } from './rows/keys.ts'
import { isMarker } from './rows/marker-row.ts'
import type { StoreContext } from './store-context.ts'
import { VersionStack } from './version-stack.ts'

/**
 * Removes a version, or the current object; where versioning is set a delete marker takes its
 * place. That there is none is fine, unless If-Match was given.
 */
export async function deleteObject(
  context: StoreContext,
  input: DeleteObjectInput,
): Promise<Deleted> {
  return commit(context.catalog, (change) => {
    const bucket = bucketIn(change, input.bucket)
    if (bucket.versioning === 'unversioned') return deletePlain(change, context, { bucket, input })
    const stack = new VersionStack(change, context, { bucket, key: input.key })
    if (input.version !== undefined) return deleteVersion(change, stack, input)
    requireWriteConditions(stack.current, input.conditions)
    return stack.pushMarker()
  })
}

interface Deleting {
  readonly bucket: BucketFields
  readonly input: DeleteObjectInput
}

function deletePlain(change: Change, context: StoreContext, { bucket, input }: Deleting): Deleted {
  const { version } = input
  const key = objectKey(bucket.id, input.key)
  const row = version === undefined || version === NULL_VERSION_ID ? change.read(key) : null
  change.freesSpace()
  requireWriteConditions(row, input.conditions)
  if (row !== null) {
    dropObject(change, context, { bucketId: bucket.id, row })
    change.delete(key)
  }
  return { versionId: version ?? null, isDeleteMarker: false }
}

function deleteVersion(change: Change, stack: VersionStack, input: DeleteObjectInput): Deleted {
  const version = input.version ?? NULL_VERSION_ID
  const found = stack.find(version)
  const isDeleteMarker = found !== null && isMarker(found.row)
  requireWriteConditions(isDeleteMarker ? null : (found?.row ?? null), input.conditions)
  change.freesSpace()
  if (found !== null) stack.remove(found)
  return { versionId: version, isDeleteMarker }
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
  { key, version, ifMatch }: DeleteItem,
): Promise<DeleteItemResult> {
  try {
    const conditions = ifMatch === undefined ? {} : { ifMatch }
    const deleted = await deleteObject(context, { bucket, key, version, conditions })
    return { key, deleted: true, ...deleted }
  } catch (error) {
    return { key, deleted: false, error: fromLowerFloor(error) }
  }
}
