import type { BlobRef } from '../engine/blob-store.ts'
import type { StorageClass } from '../model/storage-class.ts'
import type { Place, Tier } from '../segment/types.ts'
import { attachBody, commitBody } from './commit.ts'
import { requireWriteConditions } from './conditions.ts'
import { durable, requireAclAllowed } from './configure-bucket.ts'
import { StoreError } from './errors.ts'
import { bucketIn, requireBucket } from './find-bucket.ts'
import { objectLabel } from './label.ts'
import { versionInfo } from './object-info.ts'
import type { ObjectAttributes, PutObjectInput, VersionInfo } from './object-store.ts'
import { planMove } from './pending-move.ts'
import { tierOf } from './placement.ts'
import { objectKey } from './rows/keys.ts'
import { encodeObjectRow, type InlineBody, type ObjectFields } from './rows/object-row.ts'
import type { StoredVersion } from './rows/version-field.ts'
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
    const checksum = { algorithm, type: 'FULL_OBJECT' as const, digest }
    const object = new PlainObject(stored, { attributes, checksum, version, now: clock.now() })
    const ref = attachBody(change, engine, stored)
    change.put(row, (places) => {
      object.place(ref(places))
      return encodeObjectRow(object)
    })
    if (stored.small !== null && tier !== 'hot') planMove(change, id, key)
    countVersion(change, id, { object: stored, counter: 'objects', sign: 1 })
    return versionInfo(key, object, found)
  })
}

/**
 * An object of one body, before and after that has its place. One class for the row and the answer:
 * they were spread from each other, fifteen fields three times for each PUT.
 */
class PlainObject implements ObjectFields {
  readonly isShared = false
  readonly hasPartList = false
  readonly partCount = 0
  readonly partChecksum = null
  readonly uploadId = null
  readonly storageClass: StorageClass
  readonly attributes: ObjectAttributes
  readonly checksum: ObjectFields['checksum']
  readonly version: StoredVersion
  readonly modifiedAt: number
  readonly size: number
  readonly etag: Buffer
  readonly storedSize: number
  readonly tier: Tier
  bodyId: Place | null = null
  body: InlineBody = { kind: 'empty' }

  constructor(
    stored: StoredBody,
    {
      attributes,
      checksum,
      version,
      now,
    }: Pick<ObjectFields, 'checksum' | 'version'> & {
      readonly attributes: ObjectAttributes
      readonly now: number
    },
  ) {
    this.storageClass = attributes.storageClass
    this.attributes = attributes
    this.checksum = checksum
    this.version = version
    this.modifiedAt = now
    this.size = stored.size
    this.etag = stored.md5
    this.storedSize = stored.storedSize
    this.tier = stored.tier
  }

  /** Null for a body without bytes. */
  place(ref: BlobRef | null): void {
    if (ref === null) return
    this.bodyId = ref.blob
    this.body = { kind: 'blob', ref }
  }
}
