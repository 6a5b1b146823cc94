import type { ChecksumAlgorithm } from '../model/checksum.ts'
import type { Place } from '../segment/types.ts'
import { sliceBody } from './body-slices.ts'
import type { Change } from './change.ts'
import { commit } from './commit.ts'
import { requireCopyConditions, requireWriteConditions } from './conditions.ts'
import { requireAclAllowed } from './configure-bucket.ts'
import { BodyDigester } from './digests.ts'
import { dropObject } from './drop-object.ts'
import { noSuchKey, StoreError } from './errors.ts'
import { bucketIn, requireBucket } from './find-bucket.ts'
import { objectInfo } from './object-info.ts'
import type { CopyObjectInput, CopySource, ObjectInfo } from './object-store.ts'
import { openBody } from './open-body.ts'
import { objectKey, referenceKey } from './rows/keys.ts'
import {
  decodeObject,
  encodeObjectRow,
  markedShared,
  type ObjectFields,
  type StoredChecksum,
} from './rows/object-row.ts'
import type { StoreContext } from './store-context.ts'
import { addUsage } from './usage.ts'

/** Reads of a source that is overwritten meanwhile, when a copy needs another checksum. */
const READS_MAX = 5

/**
 * Copies an object whole, in one commit: source and copy share the blobs, and a reference row
 * counts them. The ETag is the source's, since the bytes are.
 */
export async function copyObject(
  context: StoreContext,
  input: CopyObjectInput,
): Promise<ObjectInfo> {
  for (let attempt = 0; attempt < READS_MAX; attempt++) {
    const computed = await recomputed(context, input)
    const info = await commit(context.catalog, (change) => {
      const source = readSource(change, input.source)
      if (computed !== null && !isSamePlace(computed.bodyId, source.object.bodyId)) return null
      const checksum = computed?.checksum ?? source.object.checksum
      return putCopy(change, context, { input, source, checksum })
    })
    if (info !== null) return info
  }
  throw new StoreError('conflict', 'the source changed each time it was read')
}

interface Copying {
  readonly input: CopyObjectInput
  readonly source: SourceRow
  readonly checksum: StoredChecksum | null
}

function putCopy(change: Change, context: StoreContext, copying: Copying): ObjectInfo {
  const { input, source, checksum } = copying
  const { id } = bucketIn(change, input.bucket)
  requireAclAllowed((row) => change.read(row), id, input.acl)
  const key = objectKey(id, input.key)
  const before = change.read(key)
  requireWriteConditions(before, input.conditions)

  const copy: ObjectFields = {
    ...source.object,
    ...chosen(input, source.object),
    checksum,
    modifiedAt: context.clock.now(),
    uploadId: null,
  }
  const info = objectInfo(input.key, copy)
  if (source.key.equals(key)) {
    change.put(key, encodeObjectRow(copy))
    return info
  }
  if (before !== null) dropObject(change, context, { bucketId: id, row: before })
  shareBody(change, source)
  change.put(key, encodeObjectRow({ ...copy, isShared: copy.bodyId !== null }))
  addUsage(change, id, { objects: 1, bytes: copy.size, storedBytes: copy.storedSize })
  return info
}

interface SourceRow {
  readonly key: Buffer
  readonly row: Buffer
  readonly object: ObjectFields
}

function readSource(change: Change, source: CopySource): SourceRow {
  const { id } = bucketIn(change, source.bucket)
  const key = objectKey(id, source.key)
  const row = change.read(key)
  if (row === null) throw noSuchKey(source.key)
  const object = decodeObject(row)
  requireCopyConditions(object, source.conditions)
  return { key, row, object }
}

/** Counts one more name of the source's body, and marks the source as counted. */
function shareBody(change: Change, { key, row, object }: SourceRow): void {
  if (object.bodyId === null) return
  const marked = markedShared(row)
  if (marked !== null) change.put(key, marked)
  change.add(referenceKey(object.bodyId), marked === null ? 1 : 2)
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
  if (algorithm === null) return null
  const { id } = requireBucket(context.catalog, input.source.bucket)
  const row = context.catalog.get(objectKey(id, input.source.key))
  if (row === null) return null
  const object = decodeObject(row)
  requireCopyConditions(object, input.source.conditions)
  const { checksum } = object
  if (checksum?.algorithm === algorithm && checksum.type === 'FULL_OBJECT') return null
  const digest = await digestStored(context, object, { algorithm, signal: input.signal })
  return { bodyId: object.bodyId, checksum: { algorithm, type: 'FULL_OBJECT', digest } }
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
