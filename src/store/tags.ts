import type { BucketName } from '../model/bucket-name.ts'
import type { ObjectKey } from '../model/object-key.ts'
import { commit } from './commit.ts'
import { noSuchKey } from './errors.ts'
import { bucketIn, requireBucket } from './find-bucket.ts'
import type { Tags } from './object-store.ts'
import { objectKey } from './rows/keys.ts'
import { decodeObject, encodeObjectRow } from './rows/object-row.ts'
import type { StoreContext } from './store-context.ts'

export function getObjectTags(context: StoreContext, bucket: BucketName, key: ObjectKey): Tags {
  const { id } = requireBucket(context.catalog, bucket)
  const row = context.catalog.get(objectKey(id, key))
  if (row === null) throw noSuchKey(key)
  return decodeObject(row).attributes.tags
}

/** Tags are no new version: the object keeps its time and its ETag. */
export async function putObjectTags(
  context: StoreContext,
  object: { readonly bucket: BucketName; readonly key: ObjectKey },
  tags: Tags,
): Promise<void> {
  await commit(context.catalog, (change) => {
    const { id } = bucketIn(change, object.bucket)
    const key = objectKey(id, object.key)
    const row = change.read(key)
    if (row === null) throw noSuchKey(object.key)
    const fields = decodeObject(row)
    change.put(key, encodeObjectRow({ ...fields, attributes: { ...fields.attributes, tags } }))
  })
}
