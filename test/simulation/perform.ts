import { type BucketName, parseBucketName } from '../../src/model/bucket-name.ts'
import { type ObjectKey, parseObjectKey } from '../../src/model/object-key.ts'
import type { VersionId } from '../../src/model/version-id.ts'
import type {
  CompletedPart,
  ObjectAttributes,
  ObjectBody,
  ObjectStore,
} from '../../src/store/object-store.ts'
import { streamOf } from './body.ts'
import { attributesOf, tagsOf } from './mark.ts'
import type { Answer, ReferenceModel, UploadRecord } from './reference-model.ts'
import type {
  Address,
  BodySpec,
  CopyStep,
  CreateUploadStep,
  MoveObjectStep,
  PutStep,
  Step,
} from './step.ts'
import { VERSIONED } from './version-records.ts'

const never = new AbortController().signal

/** What a delete of many keys answered for one of them. */
export type ItemResult = { readonly deleted: true } | { readonly error: unknown }

/** Does one step on a store. What S3 would refuse rejects with StoreError. */
export async function perform(
  store: ObjectStore,
  step: Step,
  model: ReferenceModel,
): Promise<Answer | readonly ItemResult[]> {
  await startVersions(store, step, model)
  switch (step.kind) {
    case 'create-bucket':
      await store.createBucket(bucketName(step.bucket), { region: 'us-east-1' })
      return {}
    case 'delete-bucket':
      await store.deleteBucket(bucketName(step.bucket))
      return {}
    case 'put':
      return putObject(store, step)
    case 'delete':
      return { ...(await store.deleteObject({ ...address(step), conditions: {} })) }
    case 'delete-version': {
      const version = versionAt(model, step)
      await store.deleteObject({ ...address(step), version, conditions: {} })
      return {}
    }
    case 'delete-many': {
      const items = step.keys.map((key) => ({ key: objectKey(key) }))
      const results = await store.deleteObjects(bucketName(step.bucket), items)
      return results.map((result) => (result.deleted ? { deleted: true } : { error: result.error }))
    }
    case 'copy':
      return copyObject(store, step)
    case 'move-object':
      return moveObject(store, step, model)
    case 'tag': {
      await store.putObjectTags(address(step), step.tags)
      return {}
    }
    case 'create-upload': {
      const attributes = objectAttributes(step)
      const input = { ...address(step), attributes, checksum: null }
      const { uploadId } = await store.createMultipartUpload(input)
      return { uploadId }
    }
    default:
      return performOnUpload(store, step, model)
  }
}

/** Of the bucket that has them, from its first write on. */
async function startVersions(store: ObjectStore, step: Step, model: ReferenceModel): Promise<void> {
  const isOfBucket = step.kind === 'create-bucket' || step.kind === 'delete-bucket'
  const { bucket } = 'bucket' in step ? step : model.upload(step.upload)
  if (!isOfBucket && bucket === VERSIONED) {
    await store.putBucketVersioning(bucketName(bucket), 'enabled')
  }
}

type UploadStep = Extract<
  Step,
  { readonly kind: 'upload-part' | 'copy-part' | 'complete' | 'abort' }
>

async function performOnUpload(
  store: ObjectStore,
  step: UploadStep,
  model: ReferenceModel,
): Promise<Answer> {
  const record = model.upload(step.upload)
  const upload = { ...address(record), uploadId: record.uploadId ?? 'unknown' }
  switch (step.kind) {
    case 'upload-part': {
      const { partNumber } = step
      // A part's time belongs to the part; the model does not follow it.
      const { etag } = await store.uploadPart({ ...upload, partNumber, body: body(step.body) })
      return { etag }
    }
    case 'copy-part': {
      const { partNumber } = step
      const source = { ...address(step.source), conditions: {} }
      const input = { ...upload, partNumber, source, range: null, signal: never }
      const { etag } = await store.uploadPartCopy(input)
      return { etag }
    }
    case 'complete':
      return store.completeMultipartUpload({
        ...upload,
        parts: step.partNumbers.map((number) => completedPart(model, record, number)),
        checksum: null,
        checksumType: null,
        size: null,
        conditions: {},
      })
    case 'abort':
      await store.abortMultipartUpload(upload.bucket, upload.key, upload.uploadId)
      return {}
  }
}

export function bucketName(text: string): BucketName {
  const name = parseBucketName(text)
  if (name === null) throw new Error(`bad bucket name: ${text}`)
  return name
}

export function objectKey(text: string): ObjectKey {
  const key = parseObjectKey(text)
  if (key === null) throw new Error(`bad key: ${text}`)
  return key
}

function putObject(store: ObjectStore, step: PutStep): Promise<Answer> {
  const { ifNoneMatch } = step
  return store.putObject({
    ...address(step),
    attributes: objectAttributes(step),
    body: body(step.body),
    conditions: ifNoneMatch === undefined ? {} : { ifNoneMatch },
  })
}

function copyObject(store: ObjectStore, step: CopyStep): Promise<Answer> {
  return store.copyObject({
    ...address(step),
    source: { ...address(step.source), conditions: {} },
    headers: null,
    metadata: null,
    tags: null,
    storageClass: step.storageClass ?? null,
    checksumAlgorithm: null,
    conditions: {},
    signal: never,
  })
}

async function moveObject(
  store: ObjectStore,
  step: MoveObjectStep,
  model: ReferenceModel,
): Promise<Answer> {
  const { storageClass, key, index } = step
  const version = index === undefined ? undefined : versionAt(model, { key, index })
  const input = { ...address(step), version, storageClass, signal: never }
  return { isDone: await store.moveObject(input) }
}

/** Undefined: the store has not told its id. */
function versionAt(
  { versions }: ReferenceModel,
  { key, index }: { readonly key: string; readonly index: number },
): VersionId | undefined {
  return versions.stack(key)[index]?.id ?? undefined
}

function address({ bucket, key }: Address): { bucket: BucketName; key: ObjectKey } {
  return { bucket: bucketName(bucket), key: objectKey(key) }
}

function objectAttributes(step: PutStep | CreateUploadStep): ObjectAttributes {
  const { mark, storageClass = 'STANDARD' } = step
  const { contentType, metadata } = attributesOf(mark)
  return { headers: { contentType }, metadata, storageClass, tags: tagsOf(mark) }
}

function body(spec: BodySpec): ObjectBody {
  return {
    stream: streamOf(spec),
    size: spec.seed % 3 === 0 ? null : spec.size,
    contentMd5: null,
    checksum: spec.seed % 5 === 0 ? { algorithm: 'CRC32', expected: () => null } : null,
    signal: never,
  }
}

function completedPart(
  model: ReferenceModel,
  record: UploadRecord,
  partNumber: number,
): CompletedPart {
  const found = model.part(record.upload, partNumber).possible.find((part) => part !== null)
  return { partNumber, etag: found?.etag ?? '0'.repeat(32), checksum: null }
}
