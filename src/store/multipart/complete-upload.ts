import { createHash } from 'node:crypto'
import { putParts } from '../body-parts.ts'
import type { Change } from '../change.ts'
import { commit } from '../commit.ts'
import { requireWriteConditions } from '../conditions.ts'
import { StoreError } from '../errors.ts'
import { bucketIn } from '../find-bucket.ts'
import { markGarbage } from '../garbage.ts'
import { versionInfo } from '../object-info.ts'
import type { CompleteUploadInput, VersionInfo } from '../object-store.ts'
import { tierOf } from '../placement.ts'
import { storedSizeOf } from '../rows/blob-ref-field.ts'
import { objectKey } from '../rows/keys.ts'
import { decodeObjectHead, encodeObjectRow, type ObjectHeadFields } from '../rows/object-row.ts'
import type { StoreContext } from '../store-context.ts'
import { countVersion } from '../usage.ts'
import { makeRoom } from '../version-stack.ts'
import { partsIn, removeUpload, type UploadedPart } from './abort-upload.ts'
import {
  choosePart,
  requireObjectChecksum,
  requirePartChecksums,
  uploadChecksum,
} from './check-complete.ts'
import { type FoundUpload, uploadIn } from './find-upload.ts'

/** Makes an object of the listed parts, in one commit; the other parts become garbage. */
export async function completeUpload(
  context: StoreContext,
  input: CompleteUploadInput,
): Promise<VersionInfo> {
  return commit(context.catalog, (change) => {
    const found = uploadIn(change, input)
    if (found === null) return completedBefore(change, input)
    const uploaded = partsIn(change, context.catalog, found.id)
    const parts = chooseParts(context, { input, found, uploaded })
    const checksum = uploadChecksum(found.upload, parts)
    requireObjectChecksum(input, found.upload, { checksum, partCount: parts.length })
    requirePartChecksums(input.parts, found.upload)
    return putCompleted(change, context, { input, found, uploaded, parts, checksum })
  })
}

interface Completing {
  readonly input: CompleteUploadInput
  readonly found: FoundUpload
  readonly uploaded: readonly UploadedPart[]
}

interface Completed extends Completing {
  readonly parts: readonly UploadedPart[]
  readonly checksum: NonNullable<ObjectHeadFields['checksum']>
}

function putCompleted(change: Change, context: StoreContext, completed: Completed): VersionInfo {
  const { input, found, uploaded, parts, checksum } = completed
  const key = objectKey(found.bucketId, input.key)
  const before = change.read(key)
  requireWriteConditions(before, input.conditions)
  const version = makeRoom(change, context, { bucket: found.bucket, key: input.key, before })

  const bodyParts = parts.map(({ partNumber, ref, digests }) => ({
    partNumber,
    ref,
    digest: digests[0]?.digest ?? Buffer.alloc(0),
  }))
  const bodyId = parts.find(({ ref }) => ref !== null)?.ref?.blob ?? null
  const body = putParts(change, bodyId, bodyParts)
  const head: ObjectHeadFields = {
    isShared: false,
    hasPartList: body.kind === 'part-list',
    storageClass: found.upload.storageClass,
    checksum,
    partCount: parts.length,
    partChecksum: checksum.algorithm,
    size: parts.reduce((sum, { ref }) => sum + (ref?.size ?? 0), 0),
    modifiedAt: context.clock.now(),
    etag: etagOf(parts.map(({ md5 }) => md5)),
    storedSize: parts.reduce((sum, { ref }) => sum + (ref === null ? 0 : storedSizeOf(ref)), 0),
    tier: tierOf(found.upload.storageClass, context.engine.tiers),
    bodyId,
    uploadId: found.id,
    version,
  }
  change.put(key, encodeObjectRow({ ...head, attributes: found.upload.attributes, body }))
  const kept = new Set(parts)
  for (const part of uploaded) {
    if (part.ref !== null && !kept.has(part)) markGarbage(change, part.ref)
  }
  removeUpload(change, found, uploaded)
  countVersion(change, found.bucketId, { object: head, counter: 'objects', sign: 1 })
  return versionInfo(input.key, head, found.bucket)
}

/** @throws StoreError `invalid-part`, `invalid-part-order`, `part-too-small`, `object-too-large` */
function chooseParts(context: StoreContext, completing: Completing): readonly UploadedPart[] {
  const { input, uploaded } = completing
  const { partSizeMin, objectSizeMax } = context.options
  const byNumber = new Map(uploaded.map((part) => [part.partNumber, part]))
  const chosen: UploadedPart[] = []
  if (input.parts.length === 0) throw new StoreError('invalid-request', 'no parts')
  for (const [index, wanted] of input.parts.entries()) {
    const previous = input.parts[index - 1]
    if (previous !== undefined && previous.partNumber >= wanted.partNumber) {
      throw new StoreError('invalid-part-order')
    }
    chosen.push(choosePart(wanted, byNumber.get(wanted.partNumber)))
  }
  const sizes = chosen.map(({ ref }) => ref?.size ?? 0)
  const small = sizes.findIndex((size, index) => size < partSizeMin && index < sizes.length - 1)
  if (small !== -1) {
    throw new StoreError('part-too-small', undefined, {
      partNumber: String(chosen[small]!.partNumber),
      etag: chosen[small]!.md5.toString('hex'),
      proposedSize: String(sizes[small]),
      minSizeAllowed: String(partSizeMin),
    })
  }
  const size = sizes.reduce((sum, partSize) => sum + partSize, 0)
  if (size > objectSizeMax) {
    throw new StoreError('object-too-large', undefined, { maxSizeAllowed: String(objectSizeMax) })
  }
  if (input.size !== null && input.size !== size) {
    const message = `The provided 'x-amz-mp-object-size' header value ${input.size} does not match what was computed: ${size}`
    throw new StoreError('invalid-request', message)
  }
  return chosen
}

/** A Complete whose answer was lost is asked again: the object it made remembers its upload. */
function completedBefore(change: Change, input: CompleteUploadInput): VersionInfo {
  const bucket = bucketIn(change, input.bucket)
  const row = change.read(objectKey(bucket.id, input.key))
  if (row === null) throw new StoreError('no-such-upload')
  const object = decodeObjectHead(row)
  const isSame =
    object.uploadId?.toString('hex') === input.uploadId &&
    object.etag.equals(etagOf(input.parts.map(({ etag }) => Buffer.from(etag, 'hex'))))
  if (!isSame) throw new StoreError('no-such-upload')
  return versionInfo(input.key, object, bucket)
}

/** MD5 of the parts' MD5s. */
function etagOf(md5s: readonly Buffer[]): Buffer {
  const hash = createHash('md5')
  for (const md5 of md5s) hash.update(md5)
  return hash.digest()
}
