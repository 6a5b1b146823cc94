import { attachBody, commitBody } from './commit.ts'
import { requireWriteConditions } from './conditions.ts'
import { durable, requireAclAllowed } from './configure-bucket.ts'
import { dropObject } from './drop-object.ts'
import { StoreError } from './errors.ts'
import { bucketIn, requireBucket } from './find-bucket.ts'
import { objectLabel } from './label.ts'
import { objectInfo } from './object-info.ts'
import type { ObjectInfo, PutObjectInput } from './object-store.ts'
import { objectKey } from './rows/keys.ts'
import { encodeObjectRow, type ObjectHeadFields } from './rows/object-row.ts'
import type { StoredBody } from './store-body.ts'
import type { StoreContext } from './store-context.ts'
import { addUsage } from './usage.ts'

/** Of bodies for which the client asked for none, as S3 does. */
const DEFAULT_ALGORITHM = 'CRC64NVME'

/** Stores one body as the current version of a key. */
export async function putObject(context: StoreContext, input: PutObjectInput): Promise<ObjectInfo> {
  const { catalog, clock, engine } = context
  const { bucket, key, attributes, body, conditions } = input
  // What cannot succeed is refused before its body is read; the commit decides.
  const { id } = requireBucket(catalog, bucket)
  requireAclAllowed(durable(catalog), id, attributes.acl)
  requireWriteConditions(catalog.get(objectKey(id, key)), conditions)

  const algorithm = body.checksum?.algorithm ?? DEFAULT_ALGORITHM
  const label = () => objectLabel({ bucket, key, writtenAt: clock.now() }, attributes)
  return commitBody(context, { body, algorithms: [algorithm], label }, (change, stored) => {
    const { id } = bucketIn(change, bucket)
    requireAclAllowed((row) => change.read(row), id, attributes.acl)
    const row = objectKey(id, key)
    const before = change.read(row)
    requireWriteConditions(before, conditions)
    if (before !== null) dropObject(change, context, { bucketId: id, row: before })

    const digest = stored.checksums.get(algorithm)
    if (digest === undefined) throw new StoreError('invalid-request', 'no digest')
    // Spreads come last: fields after one cost V8 a new hidden class each time.
    const head = {
      storageClass: attributes.storageClass,
      checksum: { algorithm, type: 'FULL_OBJECT' as const, digest },
      ...headOf(stored, clock.now()),
    }
    const ref = attachBody(change, engine, stored)
    change.put(row, (places) => {
      const placed = ref(places)
      return encodeObjectRow({
        bodyId: placed?.blob ?? null,
        attributes,
        body: placed === null ? { kind: 'empty' } : { kind: 'blob', ref: placed },
        ...head,
      })
    })
    const { size, storedSize } = stored
    addUsage(change, id, { objects: 1, bytes: size, storedBytes: storedSize })
    return objectInfo(key, { bodyId: null, ...head })
  })
}

function headOf(
  stored: StoredBody,
  now: number,
): Omit<ObjectHeadFields, 'bodyId' | 'storageClass' | 'checksum'> {
  return {
    isShared: false,
    hasPartList: false,
    partCount: 0,
    partChecksum: null,
    size: stored.size,
    modifiedAt: now,
    etag: stored.md5,
    storedSize: stored.storedSize,
    uploadId: null,
  }
}
