import type { VersionId } from '../model/version-id.ts'
import { commit } from './commit.ts'
import { bucketIn, requireBucket } from './find-bucket.ts'
import { requireVersion } from './find-version.ts'
import { shownVersionId } from './object-info.ts'
import type { ObjectTags, Tags, VersionName } from './object-store.ts'
import { decodeObject, encodeObjectRow } from './rows/object-row.ts'
import type { StoreContext } from './store-context.ts'

export function getObjectTags({ catalog }: StoreContext, name: VersionName): ObjectTags {
  const bucket = requireBucket(catalog, name.bucket)
  const { row } = requireVersion((key) => catalog.get(key), bucket, name)
  const { attributes, version } = decodeObject(row)
  return { tags: attributes.tags, versionId: shownVersionId(bucket, version) }
}

/** Tags are no new version: the object keeps its time and its ETag. */
export async function putObjectTags(
  context: StoreContext,
  name: VersionName,
  tags: Tags,
): Promise<VersionId | null> {
  return commit(context.catalog, (change) => {
    const bucket = bucketIn(change, name.bucket)
    const { key, row } = requireVersion((rowKey) => change.read(rowKey), bucket, name)
    const fields = decodeObject(row)
    change.put(key, encodeObjectRow({ ...fields, attributes: { ...fields.attributes, tags } }))
    return shownVersionId(bucket, fields.version)
  })
}
