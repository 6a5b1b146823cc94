import type { Catalog } from '../catalog/catalog.ts'
import type { BlobStore } from '../engine/blob-store.ts'
import type { BucketName } from '../model/bucket-name.ts'
import type { ObjectKey } from '../model/object-key.ts'
import type { VersionId } from '../model/version-id.ts'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import type { BucketAccess, BucketConfigKind, BucketConfigs } from './bucket-config.ts'
import {
  createBucket,
  deleteBucket,
  getBucket,
  listBuckets,
  putBucketVersioning,
} from './buckets.ts'
import {
  deleteBucketConfig,
  getBucketAccess,
  getBucketConfig,
  putBucketConfig,
} from './configure-bucket.ts'
import { copyObject } from './copy-object.ts'
import { Crc64Pool } from './crc64-pool.ts'
import { deleteObject, deleteObjects } from './delete-object.ts'
import { requireBucket } from './find-bucket.ts'
import { getObject, headObject } from './get-object.ts'
import { listObjects } from './list-objects.ts'
import { listObjectVersions } from './list-versions.ts'
import { fromLowerFloor } from './lower-errors.ts'
import { moveObject } from './move-object.ts'
import { abortUpload, purgeRemovedBuckets } from './multipart/abort-upload.ts'
import { completeUpload } from './multipart/complete-upload.ts'
import { createUpload } from './multipart/create-upload.ts'
import { listParts } from './multipart/list-parts.ts'
import { listUploads } from './multipart/list-uploads.ts'
import { uploadPart } from './multipart/upload-part.ts'
import { uploadPartCopy } from './multipart/upload-part-copy.ts'
import { putObjectAcl } from './object-acl.ts'
import type * as Contract from './object-store.ts'
import { putObject } from './put-object.ts'
import { Readers } from './readers.ts'
import { defaultStoreOptions, type StoreContext, type StoreOptions } from './store-context.ts'
import { getObjectTags, putObjectTags } from './tags.ts'
import type { Recall } from './tiering/recall.ts'
import { readUsage } from './usage.ts'

export interface LocalObjectStoreInput {
  /** Both belong to the caller, who closes them after the last call here. */
  readonly catalog: Catalog
  readonly engine: BlobStore
  readonly clock: Clock
  readonly random: Random
  /** Shared with whoever removes segment files; not given where nobody does. */
  readonly readers?: Readers
  /** Told of what is read, to be taken back to the hot tier; not given where there is one tier. */
  readonly recall?: Recall
  /** Called after every request that deletes; synchronous, must not throw. */
  readonly onDeleted?: () => void
  readonly options?: Partial<StoreOptions>
}

/** The store over a catalog and an engine: wires the behaviours, one file each, and no more. */
export class LocalObjectStore implements Contract.ObjectStore {
  readonly #context: StoreContext
  readonly #onDeleted: () => void

  private constructor(context: StoreContext, onDeleted: () => void) {
    this.#context = context
    this.#onDeleted = onDeleted
  }

  /**
   * Finishes what a crash interrupted, which is at most the freeing of removed buckets' uploads.
   */
  static async open(input: LocalObjectStoreInput): Promise<LocalObjectStore> {
    const options = { ...defaultStoreOptions, ...input.options }
    const readers = input.readers ?? new Readers()
    const context = { ...input, options, readers, crc64: await Crc64Pool.open() }
    await bordered(() => purgeRemovedBuckets(context))
    return new LocalObjectStore(context, input.onDeleted ?? (() => {}))
  }

  createBucket(bucket: BucketName, options: Contract.CreateBucketOptions): Promise<void> {
    return bordered(() => createBucket(this.#context, bucket, options))
  }

  deleteBucket(bucket: BucketName): Promise<void> {
    return bordered(() => deleteBucket(this.#context, bucket))
  }

  getBucket(bucket: BucketName): Promise<Contract.BucketInfo> {
    return bordered(() => getBucket(this.#context.catalog, bucket))
  }

  listBuckets(query: Contract.ListBucketsQuery): Promise<Contract.BucketPage> {
    return bordered(() => listBuckets(this.#context.catalog, query))
  }

  putBucketVersioning(bucket: BucketName, versioning: Contract.SetVersioning): Promise<void> {
    return bordered(() => putBucketVersioning(this.#context.catalog, bucket, versioning))
  }

  getBucketConfig<Kind extends BucketConfigKind>(
    bucket: BucketName,
    kind: Kind,
  ): Promise<BucketConfigs[Kind] | null> {
    return bordered(() => getBucketConfig(this.#context.catalog, bucket, kind))
  }

  putBucketConfig<Kind extends BucketConfigKind>(
    bucket: BucketName,
    kind: Kind,
    config: BucketConfigs[Kind],
  ): Promise<void> {
    return bordered(() => putBucketConfig(this.#context.catalog, bucket, { kind, config }))
  }

  deleteBucketConfig(bucket: BucketName, kind: BucketConfigKind): Promise<void> {
    return bordered(() => deleteBucketConfig(this.#context.catalog, bucket, kind))
  }

  getBucketAccess(bucket: BucketName): Promise<BucketAccess> {
    return bordered(() => getBucketAccess(this.#context.catalog, bucket))
  }

  putObject(input: Contract.PutObjectInput): Promise<Contract.VersionInfo> {
    return bordered(() => putObject(this.#context, input))
  }

  getObject(input: Contract.GetObjectInput): Promise<Contract.ObjectReader> {
    return bordered(() => getObject(this.#context, input))
  }

  headObject(input: Contract.GetObjectInput): Promise<Contract.ObjectHead> {
    return bordered(() => headObject(this.#context, input))
  }

  deleteObject(input: Contract.DeleteObjectInput): Promise<Contract.Deleted> {
    return this.#deleting(() => deleteObject(this.#context, input))
  }

  deleteObjects(
    bucket: BucketName,
    items: readonly Contract.DeleteItem[],
  ): Promise<readonly Contract.DeleteItemResult[]> {
    return this.#deleting(() => deleteObjects(this.#context, bucket, items))
  }

  copyObject(input: Contract.CopyObjectInput): Promise<Contract.CopiedObject> {
    return bordered(() => copyObject(this.#context, input))
  }

  moveObject(input: Contract.MoveObjectInput): Promise<boolean> {
    return this.#deleting(() => moveObject(this.#context, input))
  }

  getObjectTags(object: Contract.VersionName): Promise<Contract.ObjectTags> {
    return bordered(() => getObjectTags(this.#context, object))
  }

  putObjectTags(object: Contract.VersionName, tags: Contract.Tags): Promise<VersionId | null> {
    return bordered(() => putObjectTags(this.#context, object, tags))
  }

  putObjectAcl(input: Contract.PutObjectAclInput): Promise<void> {
    return bordered(() => putObjectAcl(this.#context, input))
  }

  listObjects(query: Contract.ListObjectsQuery): Promise<Contract.ListPage> {
    return bordered(() => listObjects(this.#context, query))
  }

  listObjectVersions(query: Contract.ListVersionsQuery): Promise<Contract.VersionsPage> {
    return bordered(() => listObjectVersions(this.#context, query))
  }

  createMultipartUpload(input: Contract.CreateUploadInput): Promise<Contract.UploadInfo> {
    return bordered(() => createUpload(this.#context, input))
  }

  uploadPart(input: Contract.UploadPartInput): Promise<Contract.PartInfo> {
    return bordered(() => uploadPart(this.#context, input))
  }

  uploadPartCopy(input: Contract.UploadPartCopyInput): Promise<Contract.CopiedPart> {
    return bordered(() => uploadPartCopy(this.#context, input))
  }

  completeMultipartUpload(input: Contract.CompleteUploadInput): Promise<Contract.VersionInfo> {
    return bordered(() => completeUpload(this.#context, input))
  }

  abortMultipartUpload(bucket: BucketName, key: ObjectKey, uploadId: string): Promise<void> {
    return this.#deleting(() => abortUpload(this.#context, { bucket, key, uploadId }))
  }

  listParts(query: Contract.ListPartsQuery): Promise<Contract.PartsPage> {
    return bordered(() => listParts(this.#context, query))
  }

  listMultipartUploads(query: Contract.ListUploadsQuery): Promise<Contract.UploadsPage> {
    return bordered(() => listUploads(this.#context, query))
  }

  usage(bucket: BucketName): Promise<Contract.BucketUsage> {
    return bordered(() => {
      const { catalog } = this.#context
      return readUsage(catalog, requireBucket(catalog, bucket).id)
    })
  }

  async #deleting<Result>(run: () => Promise<Result>): Promise<Result> {
    try {
      return await bordered(run)
    } finally {
      this.#onDeleted()
    }
  }
}

/** The one border to the floors below: their errors leave as StoreError. */
async function bordered<Result>(run: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await run()
  } catch (error) {
    throw fromLowerFloor(error)
  }
}
