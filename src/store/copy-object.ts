import type { ChecksumAlgorithm } from '../model/checksum.ts'
import type { Place } from '../segment/types.ts'
import { sliceBody } from './body-slices.ts'
import type { Change } from './change.ts'
import { commit } from './commit.ts'
import { requireCopyConditions, requireWriteConditions } from './conditions.ts'
import { requireAclAllowed } from './configure-bucket.ts'
import { BodyDigester } from './digests.ts'
import { StoreError } from './errors.ts'
import { bucketIn, requireBucket } from './find-bucket.ts'
import { requireVersion, type VersionRow } from './find-version.ts'
import { movedLabel } from './label.ts'
import { shownVersionId, versionInfo } from './object-info.ts'
import type { CopiedObject, CopyObjectInput, CopySource } from './object-store.ts'
import { openBody } from './open-body.ts'
import { liesApart, tierOf } from './placement.ts'
import { leaveGarbage, type RewrittenBody, rewriteBody, takeOver } from './rewrite-body.ts'
import type { BucketFields } from './rows/bucket-row.ts'
import { objectKey, referenceKey } from './rows/keys.ts'
import {
  decodeObject,
  encodeObjectRow,
  markedShared,
  type ObjectFields,
  type StoredChecksum,
} from './rows/object-row.ts'
import { type StoredVersion, unversioned } from './rows/version-field.ts'
import type { StoreContext } from './store-context.ts'
import { countVersion, subtractVersion } from './usage.ts'
import { makeRoom, type Room, VersionStack } from './version-stack.ts'

/** Reads of a source that is overwritten meanwhile, when a copy needs another checksum. */
const READS_MAX = 5

/**
 * Copies an object whole, in one commit: source and copy share the blobs, and a reference row
 * counts them, unless the copy belongs in another tier; then its bytes are written there first. The
 * ETag is the source's, since the bytes are.
 */
export async function copyObject(
  context: StoreContext,
  input: CopyObjectInput,
): Promise<CopiedObject> {
  for (let attempt = 0; attempt < READS_MAX; attempt++) {
    const computed = await recomputed(context, input)
    const rewritten = await rewrittenForCopy(context, input)
    let info: CopiedObject | null = null
    try {
      info = await commit(context.catalog, (change) => {
        const source = readSource(change, input.source)
        const { bodyId } = source.object
        if (computed !== null && !isSamePlace(computed.bodyId, bodyId)) return null
        const needed = isElsewhere(context, input, source.object) ? bodyId : null
        if (!isSamePlace(rewritten?.source ?? null, needed)) return null
        const checksum = computed?.checksum ?? source.object.checksum
        return putCopy(change, context, { input, source, checksum, rewritten })
      })
    } finally {
      if (info === null && rewritten !== null) await leaveGarbage(context, rewritten.refs)
    }
    if (info !== null) return info
  }
  throw new StoreError('conflict', 'the source changed each time it was read')
}

interface Copying {
  readonly input: CopyObjectInput
  readonly source: SourceRow
  readonly checksum: StoredChecksum | null
  /** Null when source and copy are of one tier, and share the bytes. */
  readonly rewritten: RewrittenBody | null
}

function putCopy(change: Change, context: StoreContext, copying: Copying): CopiedObject {
  const { input, source, checksum, rewritten } = copying
  const bucket = bucketIn(change, input.bucket)
  requireAclAllowed((row) => change.read(row), bucket.id, input.acl)
  const key = objectKey(bucket.id, input.key)
  const before = change.read(key)
  requireWriteConditions(before, input.conditions)

  const room = { bucket, key: input.key, before }
  const body =
    rewritten === null
      ? takeBody(change, context, { room, source })
      : { version: makeRoom(change, context, room), ...takeOver(change, rewritten) }
  const copy: ObjectFields = {
    ...source.object,
    ...chosen(input, source.object),
    checksum,
    modifiedAt: context.clock.now(),
    uploadId: null,
    ...body,
  }
  change.put(key, encodeObjectRow(copy))
  countVersion(change, bucket.id, { object: copy, counter: 'objects', sign: 1 })
  const sourceVersionId = shownVersionId(source.bucket, source.object.version)
  return { sourceVersionId, ...versionInfo(input.key, copy, bucket) }
}

interface Taking {
  readonly room: Room
  readonly source: SourceRow
}

/**
 * Makes room for a copy, whose body is the source's: shared with it, or, when the copy replaces the
 * very row that it was made of, taken over.
 */
function takeBody(
  change: Change,
  context: StoreContext,
  { room, source }: Taking,
): { readonly version: StoredVersion; readonly isShared: boolean } {
  const { bucket, before } = room
  const { isShared, bodyId } = source.object
  if (bucket.versioning === 'unversioned') {
    if (source.row === before) {
      subtractVersion(change, bucket.id, { row: source.row, counter: 'objects' })
      return { version: unversioned, isShared }
    }
    const version = makeRoom(change, context, room)
    const marked = shareBody(change, source)
    if (marked !== null) change.put(source.key, marked)
    return { version, isShared: bodyId !== null }
  }
  const stack = new VersionStack(change, context, room)
  if (stack.replacedKey?.equals(source.key) === true) {
    return { version: stack.push({ keepsBody: true }), isShared }
  }
  const marked = shareBody(change, source)
  // The current object moves away: as what it is from here on.
  if (marked !== null && source.row === stack.current) stack.replaceCurrent(marked)
  else if (marked !== null) change.put(source.key, marked)
  return { version: stack.push(), isShared: bodyId !== null }
}

interface SourceRow extends VersionRow {
  readonly bucket: BucketFields
  readonly object: ObjectFields
}

function readSource(change: Change, source: CopySource): SourceRow {
  const bucket = bucketIn(change, source.bucket)
  const { key, row } = requireVersion((rowKey) => change.read(rowKey), bucket, source)
  const object = decodeObject(row)
  requireCopyConditions(object, source.conditions)
  return { bucket, key, row, object }
}

/** Counts one more name of the source's body. The source's row as counted, if it was not before. */
function shareBody(change: Change, { row, object }: SourceRow): Buffer | null {
  if (object.bodyId === null) return null
  const marked = markedShared(row)
  change.add(referenceKey(object.bodyId), marked === null ? 1 : 2)
  return marked
}

function chosen(
  input: CopyObjectInput,
  source: ObjectFields,
): Pick<ObjectFields, 'attributes' | 'storageClass'> {
  const { headers, metadata, tags } = source.attributes
  return {
    attributes: {
      headers: input.headers ?? headers,
      metadata: input.metadata ?? metadata,
      tags: input.tags ?? tags,
      ...(input.acl !== undefined && { acl: input.acl }),
    },
    storageClass: input.storageClass ?? source.storageClass,
  }
}

/**
 * Whether the copy belongs in another tier than the source was put in; or, of a copy onto itself,
 * than the source lies in.
 */
function isElsewhere(
  context: StoreContext,
  { storageClass, bucket, key, source }: CopyObjectInput,
  object: ObjectFields,
): boolean {
  if (object.bodyId === null) return false
  const tier = tierOf(storageClass ?? object.storageClass, context.engine.tiers)
  if (tier !== object.tier) return true
  const isOntoItself = source.bucket === bucket && source.key === key
  return isOntoItself && liesApart(context, object, tier)
}

/** Writes the source's bytes into the tier of the copy, when that is another one. */
async function rewrittenForCopy(
  context: StoreContext,
  input: CopyObjectInput,
): Promise<RewrittenBody | null> {
  if (context.engine.tiers.length === 1) return null
  const row = durableSource(context, input.source)
  if (row === null) return null
  const object = decodeObject(row)
  requireCopyConditions(object, input.source.conditions)
  if (!isElsewhere(context, input, object)) return null
  const tier = tierOf(input.storageClass ?? object.storageClass, context.engine.tiers)
  const { bucket, key, signal } = input
  const copy = { attributes: chosen(input, object).attributes, uploadId: null }
  const label = movedLabel({ bucket, key, writtenAt: context.clock.now() }, copy)
  return rewriteBody(context, object, { tier, label, signal })
}

interface Recomputed {
  /** The body that was read. */
  readonly bodyId: Place | null
  readonly checksum: StoredChecksum
}

/** Reads the source once when the client wants a checksum that it does not have. */
async function recomputed(
  context: StoreContext,
  input: CopyObjectInput,
): Promise<Recomputed | null> {
  const algorithm = input.checksumAlgorithm
  const row = algorithm === null ? null : durableSource(context, input.source)
  if (algorithm === null || row === null) return null
  const object = decodeObject(row)
  requireCopyConditions(object, input.source.conditions)
  const { checksum } = object
  if (checksum?.algorithm === algorithm && checksum.type === 'FULL_OBJECT') return null
  const digest = await digestStored(context, object, { algorithm, signal: input.signal })
  return { bodyId: object.bodyId, checksum: { algorithm, type: 'FULL_OBJECT', digest } }
}

/** Null when there is none: the change looks again, and refuses. */
function durableSource({ catalog }: StoreContext, source: CopySource): Buffer | null {
  const bucket = requireBucket(catalog, source.bucket)
  try {
    return requireVersion((key) => catalog.get(key), bucket, source).row
  } catch (error) {
    if (error instanceof StoreError && error.kind !== 'corruption') return null
    throw error
  }
}

async function digestStored(
  context: StoreContext,
  object: ObjectFields,
  { algorithm, signal }: { readonly algorithm: ChecksumAlgorithm; readonly signal: AbortSignal },
): Promise<Buffer> {
  const slices = sliceBody(context.catalog, object, { start: 0, end: object.size })
  const leave = context.readers.enter()
  let digester: BodyDigester | null = null
  try {
    digester = await BodyDigester.open(context.crc64, [algorithm])
    for await (const piece of await openBody(context, slices, signal)) {
      digester.update(piece)
    }
    return digester.finish().checksums.get(algorithm)!
  } finally {
    digester?.close()
    leave()
  }
}

function isSamePlace(one: Place | null, other: Place | null): boolean {
  return one?.segment === other?.segment && one?.offset === other?.offset
}
