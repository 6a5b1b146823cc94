import { attachBody, commitBody } from './commit.ts'
import { requireWriteConditions } from './conditions.ts'
import { durable, requireAclAllowed } from './configure-bucket.ts'
import { StoreError } from './errors.ts'
import { bucketIn, requireBucket } from './find-bucket.ts'
import { objectLabel } from './label.ts'
import { versionInfo } from './object-info.ts'
import type { PutObjectInput, VersionInfo } from './object-store.ts'
import { planMove } from './pending-move.ts'
import { tierOf } from './placement.ts'
import { objectKey } from './rows/keys.ts'
import { encodeObjectRow, type ObjectHeadFields } from './rows/object-row.ts'
import type { StoredBody } from './store-body.ts'
import type { StoreContext } from './store-context.ts'
import { countVersion } from './usage.ts'
import { makeRoom } from './version-stack.ts'

/** Of bodies for which the client asked for none, as S3 does. */
const DEFAULT_ALGORITHM = 'CRC64NVME'

/** Stores one body as the current version of a key. */
export async function putObject(
  context: StoreContext,
  input: PutObjectInput,
): Promise<VersionInfo> {
  const { catalog, clock, engine } = context
  const { bucket, key, attributes, body, conditions } = input
  // What cannot succeed is refused before its body is read; the commit decides.
  const { id } = requireBucket(catalog, bucket)
  requireAclAllowed(durable(catalog), id, attributes.acl)
  if (conditions.ifMatch !== undefined || conditions.ifNoneMatch !== undefined) {
    requireWriteConditions(catalog.get(objectKey(id, key)), conditions)
  }

  const algorithm = body.checksum?.algorithm ?? DEFAULT_ALGORITHM
  const label = () => objectLabel({ bucket, key, writtenAt: clock.now() }, attributes)
  const tier = tierOf(attributes.storageClass, engine.tiers)
  const intake = { body, algorithms: [algorithm], tier, label }
  return commitBody(context, intake, (change, stored) => {
    const found = bucketIn(change, bucket)
    const { id } = found
    requireAclAllowed((row) => change.read(row), id, attributes.acl)
    const row = objectKey(id, key)
    const before = change.read(row)
    requireWriteConditions(before, conditions)
    const version = makeRoom(change, context, { bucket: found, key, before })

    const digest = stored.checksums.get(algorithm)
    if (digest === undefined) throw new StoreError('invalid-request', 'no digest')
    // Spreads come last: fields after one cost V8 a new hidden class each time.
    const head = {
      storageClass: attributes.storageClass,
      checksum: { algorithm, type: 'FULL_OBJECT' as const, digest },
      version,
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
    if (stored.small !== null && tier !== 'hot') planMove(change, id, key)
    countVersion(change, id, { object: stored, counter: 'objects', sign: 1 })
    return versionInfo(key, { bodyId: null, ...head }, found)
  })
}

function headOf(
  stored: StoredBody,
  now: number,
): Omit<ObjectHeadFields, 'bodyId' | 'storageClass' | 'checksum' | 'version'> {
  return {
    isShared: false,
    hasPartList: false,
    partCount: 0,
    partChecksum: null,
    size: stored.size,
    modifiedAt: now,
    etag: stored.md5,
    storedSize: stored.storedSize,
    tier: stored.tier,
    uploadId: null,
  }
}
