import { commit } from './commit.ts'
import { requireAclAllowed } from './configure-bucket.ts'
import { bucketIn } from './find-bucket.ts'
import { requireVersion } from './find-version.ts'
import type { PutObjectAclInput } from './object-store.ts'
import { decodeObject, encodeObjectRow } from './rows/object-row.ts'
import type { StoreContext } from './store-context.ts'

/** An ACL is no new version: the object keeps its time and its ETag. */
export async function putObjectAcl(context: StoreContext, input: PutObjectAclInput): Promise<void> {
  const { acl } = input
  await commit(context.catalog, (change) => {
    const bucket = bucketIn(change, input.bucket)
    requireAclAllowed((row) => change.read(row), bucket.id, acl)
    const { key, row } = requireVersion((rowKey) => change.read(rowKey), bucket, input)
    const fields = decodeObject(row)
    change.put(key, encodeObjectRow({ ...fields, attributes: { ...fields.attributes, acl } }))
  })
}
