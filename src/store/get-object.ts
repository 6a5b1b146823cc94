import { type PlacedPart, partAt, sliceBody } from './body-slices.ts'
import { requireReadConditions } from './conditions.ts'
import { StoreError } from './errors.ts'
import { requireBucket } from './find-bucket.ts'
import { requireVersion } from './find-version.ts'
import { objectAttributes, objectInfo, shownVersionId } from './object-info.ts'
import type {
  GetObjectInput,
  ObjectHead,
  ObjectInfo,
  ObjectReader,
  ResolvedRange,
} from './object-store.ts'
import { openBody } from './open-body.ts'
import { resolveRange } from './resolve-range.ts'
import { decodeObject, type ObjectFields } from './rows/object-row.ts'
import type { StoreContext } from './store-context.ts'

export async function getObject(
  context: StoreContext,
  input: GetObjectInput,
): Promise<ObjectReader> {
  const { object, head, bucketId, rowKey } = lookUp(context, input)
  const slices = sliceBody(context.catalog, object, head.range)
  const { bucket, key: name } = input
  context.recall?.note({ bucketId, bucket, name, key: rowKey }, object, slices)
  const body = await openBody(context, slices, input.signal)
  return { body, ...head }
}

export function headObject(context: StoreContext, input: GetObjectInput): ObjectHead {
  return lookUp(context, input).head
}

interface Found {
  readonly object: ObjectFields
  readonly head: ObjectHead
  readonly bucketId: number
  readonly rowKey: Buffer
}

/** Everything but the bytes, in one synchronous look at the catalog. */
function lookUp(context: StoreContext, input: GetObjectInput): Found {
  const { catalog } = context
  const bucket = requireBucket(catalog, input.bucket)
  const { key: rowKey, row } = requireVersion((key) => catalog.get(key), bucket, input)
  const object = decodeObject(row)
  requireReadConditions(object, input.conditions)
  const selection = select(context, object, input)
  const { part } = selection
  const info = objectInfo(input.key, object)
  // Field by field: a spread with fields after it costs V8 a new hidden class, and more time than
  // all the rest of this.
  const head = {
    key: info.key,
    size: info.size,
    etag: info.etag,
    lastModified: info.lastModified,
    storageClass: info.storageClass,
    versionId: shownVersionId(bucket, object.version),
    checksum: part === null ? info.checksum : checksumOfPart(info, object, part),
    attributes: objectAttributes(object),
    partsCount: object.partCount === 0 ? null : object.partCount,
    range: selection.range,
    isPartial: input.range !== undefined || input.partNumber !== undefined,
  }
  return { object, head, bucketId: bucket.id, rowKey }
}

interface Selection {
  readonly range: ResolvedRange
  /** Only when a part of an object with parts was asked for. */
  readonly part: PlacedPart | null
}

function select(context: StoreContext, object: ObjectFields, input: GetObjectInput): Selection {
  const { range, partNumber } = input
  if (range !== undefined && partNumber !== undefined) {
    throw new StoreError('invalid-request', 'Cannot specify both Range header and partNumber')
  }
  if (range !== undefined) return { range: resolveRange(range, object.size), part: null }
  if (partNumber === undefined) return { range: { start: 0, end: object.size }, part: null }
  return selectPart(context, object, partNumber)
}

/** Part numbers count the parts there are, from 1, as SDKs that download by part expect. */
function selectPart(context: StoreContext, object: ObjectFields, partNumber: number): Selection {
  if (object.partCount === 0 && partNumber === 1) {
    return { range: { start: 0, end: object.size }, part: null }
  }
  const part = partAt(context.catalog, object, partNumber - 1)
  if (part !== null) return { range: part.range, part }
  throw new StoreError('range-not-satisfiable', undefined, {
    partNumber: String(partNumber),
    partsCount: String(Math.max(1, object.partCount)),
  })
}

/** Of the bytes that are read: S3 gives a part's own checksum with the part. */
function checksumOfPart(
  info: ObjectInfo,
  object: ObjectFields,
  { part }: PlacedPart,
): ObjectInfo['checksum'] {
  if (info.checksum === null || info.checksum.algorithm !== object.partChecksum) return null
  return { ...info.checksum, value: part.digest.toString('base64') }
}
