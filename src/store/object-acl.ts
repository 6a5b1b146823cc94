import { commit } from './commit.ts'
import { requireAclAllowed } from './configure-bucket.ts'
import { noSuchKey } from './errors.ts'
import { bucketIn } from './find-bucket.ts'
import type { PutObjectAclInput } from './object-store.ts'
import { objectKey } from './rows/keys.ts'
import { decodeObject, encodeObjectRow } from './rows/object-row.ts'
import type { StoreContext } from './store-context.ts'

/** An ACL is no new version: the object keeps its time and its ETag. */
export async function putObjectAcl(context: StoreContext, input: PutObjectAclInput): Promise<void> {
  const { acl } = input
  await commit(context.catalog, (change) => {
    const { id } = bucketIn(change, input.bucket)
    requireAclAllowed((row) => change.read(row), id, acl)
    const key = objectKey(id, input.key)
    const row = change.read(key)
    if (row === null) throw noSuchKey(input.key)
    const fields = decodeObject(row)
    change.put(key, encodeObjectRow({ ...fields, attributes: { ...fields.attributes, acl } }))
  })
}
