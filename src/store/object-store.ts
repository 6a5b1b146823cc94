import type { Acl } from '../model/acl.ts'
import type { BucketName } from '../model/bucket-name.ts'
import type { Checksum, ChecksumAlgorithm } from '../model/checksum.ts'
import type { ObjectKey } from '../model/object-key.ts'
import type { StorageClass } from '../model/storage-class.ts'
import type { VersionId } from '../model/version-id.ts'
import type { Tier } from '../segment/types.ts'
import type { BucketConfigStore, ObjectOwnership } from './bucket-config.ts'
import type { UploadStore } from './upload-store.ts'

export type {
  CompletedPart,
  CompleteUploadInput,
  CopiedPart,
  CreateUploadInput,
  ListPartsQuery,
  ListUploadsQuery,
  PartInfo,
  PartsPage,
  UploadInfo,
  UploadPartCopyInput,
  UploadPartInput,
  UploadsPage,
} from './upload-store.ts'

/**
 * Buckets, objects and uploads with S3's meaning, in S3's order (UTF-8 bytes of the key).
 * Everything acknowledged is durable and visible to every later call. All methods throw
 * StoreError; none leaves anything half-done visible.
 */
export interface ObjectStore extends BucketConfigStore, UploadStore {
  createBucket(bucket: BucketName, options: CreateBucketOptions): Promise<void>
  deleteBucket(bucket: BucketName): Promise<void>
  getBucket(bucket: BucketName): Promise<BucketInfo>
  listBuckets(query: ListBucketsQuery): Promise<BucketPage>
  /** Once set it can be suspended, and never be taken back. */
  putBucketVersioning(bucket: BucketName, versioning: SetVersioning): Promise<void>

  putObject(input: PutObjectInput): Promise<VersionInfo>
  /** Resolves once the first bytes are verified; `body` must be consumed or returned. */
  getObject(input: GetObjectInput): Promise<ObjectReader>
  headObject(input: GetObjectInput): Promise<ObjectHead>
  /**
   * Where versioning is set, and no version is named, a delete marker becomes current. Succeeds
   * when there is no such object or version, as S3 does, unless a condition is given.
   */
  deleteObject(input: DeleteObjectInput): Promise<Deleted>
  /** At most 1000 keys; each result stands for itself, in the order asked. */
  deleteObjects(
    bucket: BucketName,
    items: readonly DeleteItem[],
  ): Promise<readonly DeleteItemResult[]>
  /** A catalog commit: blobs are shared, unless the copy belongs in another tier. */
  copyObject(input: CopyObjectInput): Promise<CopiedObject>
  /**
   * Gives a version another storage class, and its bytes a place in the tier of that class: what
   * lifecycle rules do. One commit, and no other change of the object shows. False when the bytes
   * were replaced meanwhile: then nothing is changed.
   *
   * @throws StoreError `no-such-key`, `no-such-version`, `delete-marker`
   */
  moveObject(input: MoveObjectInput): Promise<boolean>
  getObjectTags(object: VersionName): Promise<ObjectTags>
  /** An empty set removes all tags. Resolves with the id of the version that was tagged. */
  putObjectTags(object: VersionName, tags: Tags): Promise<VersionId | null>
  /** @throws StoreError `acls-disabled`, `public-access-blocked`, as every write that brings an ACL */
  putObjectAcl(input: PutObjectAclInput): Promise<void>

  /** One page, at most `limit` keys and common prefixes together, at a cost of O(page). */
  listObjects(query: ListObjectsQuery): Promise<ListPage>
  /** As `listObjects`, of all versions and delete markers: those of a key from the newest on. */
  listObjectVersions(query: ListVersionsQuery): Promise<VersionsPage>

  /** Exact, as of the last acknowledged change. */
  usage(bucket: BucketName): Promise<BucketUsage>
}

export interface CreateBucketOptions {
  readonly region: string
  /** As the store's options have it unless given. */
  readonly ownership?: ObjectOwnership
  readonly acl?: Acl
  readonly tags?: Tags
}

export interface PutObjectAclInput extends VersionName {
  readonly acl: Acl
}

export interface BucketInfo {
  readonly name: BucketName
  /** Milliseconds since the Unix epoch, as all times here. */
  readonly createdAt: number
  readonly region: string
  readonly versioning: Versioning
}

/**
 * `unversioned` until it is set: an object replaces the one before. `enabled`: it is a version
 * beside those before. `suspended`: it is the key's null version, and replaces just that.
 */
export type Versioning = 'unversioned' | SetVersioning
export type SetVersioning = 'enabled' | 'suspended'

export interface ListBucketsQuery {
  readonly prefix: string
  /** Names after this one; '' from the start. */
  readonly after: string
  readonly limit: number
}

export interface BucketPage {
  readonly buckets: readonly BucketInfo[]
  readonly isTruncated: boolean
}

export interface BucketUsage {
  /** Current objects: what a listing shows. */
  readonly objects: number
  /** Older versions, and delete markers whether current or not. */
  readonly olderVersions: number
  /** Logical bytes of all versions, current and older. */
  readonly bytes: number
  /** Bytes their records occupy on disk; shared blobs count once per version. */
  readonly storedBytes: number
  /** The same by the tier in which they were put; what ages within its segment stays counted so. */
  readonly tiers: Readonly<Record<Tier, { readonly bytes: number; readonly storedBytes: number }>>
  readonly uploads: number
  /** Logical bytes of parts not yet completed. */
  readonly partBytes: number
}

export type Tags = readonly { readonly key: string; readonly value: string }[]

/** System metadata that S3 keeps and gives back verbatim, each absent when not given. */
export interface ContentHeaders {
  readonly contentType?: string
  readonly cacheControl?: string
  readonly contentDisposition?: string
  /** Without `aws-chunked`, which never reaches storage. */
  readonly contentEncoding?: string
  readonly contentLanguage?: string
  readonly expires?: string
  readonly websiteRedirectLocation?: string
}

/** What a client chooses about an object besides its bytes. */
export interface ObjectAttributes {
  readonly headers: ContentHeaders
  /** x-amz-meta-*: lower-case names without the prefix. Values as sent, latin1 on the wire. */
  readonly metadata: ReadonlyMap<string, string>
  readonly storageClass: StorageClass
  readonly tags: Tags
  /** Private when not given. */
  readonly acl?: Acl
}

/**
 * A body on its way in. `stream` yields decoded bytes (no aws-chunked framing) and throws if the
 * client goes away or the payload's signature does not hold; then nothing is stored.
 */
export interface ObjectBody {
  readonly stream: AsyncIterable<Uint8Array>
  /** Decoded size when declared; the store throws `incomplete-body` when the stream differs. */
  readonly size: number | null
  /** Raw 16 bytes from Content-MD5. */
  readonly contentMd5: Uint8Array | null
  /** The checksum to compute and keep; null: the store adds CRC64NVME as AWS does. */
  readonly checksum: ChecksumRequest | null
  readonly signal: AbortSignal
}

export interface ChecksumRequest {
  readonly algorithm: ChecksumAlgorithm
  /** Asked after the stream ended, when a trailer is known. Base64, or null: nothing to compare. */
  expected(): string | null
}

/** If-Match / If-None-Match on writes. ETags without quotes; '*' stands for any. */
export interface WriteConditions {
  readonly ifMatch?: string
  readonly ifNoneMatch?: string
}

/** RFC 9110 §13 conditions on reads; the store applies their precedence. */
export interface ReadConditions {
  readonly ifMatch?: readonly string[]
  readonly ifNoneMatch?: readonly string[]
  /** Seconds resolution, milliseconds since the epoch. */
  readonly ifModifiedSince?: number
  readonly ifUnmodifiedSince?: number
}

export interface PutObjectInput {
  readonly bucket: BucketName
  readonly key: ObjectKey
  readonly attributes: ObjectAttributes
  readonly body: ObjectBody
  readonly conditions: WriteConditions
}

export interface ObjectInfo {
  readonly key: ObjectKey
  readonly size: number
  /** Without quotes: hex MD5, or MD5-of-MD5s with "-N". */
  readonly etag: string
  readonly lastModified: number
  readonly storageClass: StorageClass
  readonly checksum: Checksum | null
}

export interface VersionInfo extends ObjectInfo {
  /** Null in a bucket that never had versioning. */
  readonly versionId: VersionId | null
}

/** A version of an object; without an id the current one. */
export interface VersionName {
  readonly bucket: BucketName
  readonly key: ObjectKey
  readonly version?: VersionId | undefined
}

export interface ObjectHead extends VersionInfo {
  readonly attributes: ObjectAttributes
  /** Number of parts of a multipart object; null for others. */
  readonly partsCount: number | null
  /** Of the part when a part was asked for, else of the whole object. */
  readonly checksum: Checksum | null
  /** The bytes that `body` yields or would: whole object unless a range or part was asked. */
  readonly range: ResolvedRange
  /** True when a range or part was asked and the reply is 206. */
  readonly isPartial: boolean
}

export interface ResolvedRange {
  readonly start: number
  /** Exclusive. */
  readonly end: number
}

export interface ObjectReader extends ObjectHead {
  readonly body: AsyncIterable<Uint8Array>
}

/** One range of bytes, as HTTP says it: `end` inclusive, or the last `suffix` bytes. */
export type RangeRequest =
  | { readonly start: number; readonly end: number | null }
  | { readonly suffix: number }

/**
 * @throws StoreError `no-such-key` when the object is not there, or deleted by a marker;
 *   `no-such-version`; `delete-marker` when the version named is one
 */
export interface GetObjectInput extends VersionName {
  readonly range?: RangeRequest
  /** Counts the parts there are, from 1, whatever numbers they were uploaded under. */
  readonly partNumber?: number
  readonly conditions: ReadConditions
  readonly signal: AbortSignal
}

export interface DeleteObjectInput extends VersionName {
  /** On the version named, else on the current one. */
  readonly conditions: { readonly ifMatch?: string }
}

/** What a delete did. */
export interface Deleted {
  /** Of the version that was named and is gone, or of the marker that was made. */
  readonly versionId: VersionId | null
  /** Whether a delete marker was made, or the version that was named was one. */
  readonly isDeleteMarker: boolean
}

export interface DeleteItem {
  readonly key: ObjectKey
  readonly version?: VersionId | undefined
  readonly ifMatch?: string
}

export type DeleteItemResult =
  | ({ readonly key: ObjectKey; readonly deleted: true } & Deleted)
  | { readonly key: ObjectKey; readonly deleted: false; readonly error: unknown }

export interface CopySource extends VersionName {
  readonly conditions: ReadConditions
}

export interface CopiedObject extends VersionInfo {
  /** Of what was copied; null as `versionId` is. */
  readonly sourceVersionId: VersionId | null
}

export interface ObjectTags {
  readonly tags: Tags
  readonly versionId: VersionId | null
}

export interface CopyObjectInput {
  readonly source: CopySource
  readonly bucket: BucketName
  readonly key: ObjectKey
  /** Null: COPY directive, take the source's. */
  readonly headers: ContentHeaders | null
  readonly metadata: ReadonlyMap<string, string> | null
  readonly tags: Tags | null
  /** Never the source's. */
  readonly acl?: Acl
  readonly storageClass: StorageClass | null
  /** When the client names another algorithm than the source has, the bytes are read once. */
  readonly checksumAlgorithm: ChecksumAlgorithm | null
  readonly conditions: WriteConditions
  readonly signal: AbortSignal
}

export interface MoveObjectInput extends VersionName {
  readonly storageClass: StorageClass
  readonly signal: AbortSignal
}

export interface ListObjectsQuery {
  readonly bucket: BucketName
  readonly prefix: string
  /** '' for none. */
  readonly delimiter: string
  /** Keys and common prefixes after this one: of "a/b", the common prefix "a/" is skipped too. */
  readonly after: string
  /** 0 … 1000. */
  readonly limit: number
}

export interface ListPage {
  readonly objects: readonly ObjectInfo[]
  readonly commonPrefixes: readonly string[]
  readonly isTruncated: boolean
  /** The last key or common prefix on the page: what the next page starts `after`. */
  readonly last: string | null
}

export interface ListVersionsQuery {
  readonly bucket: BucketName
  readonly prefix: string
  /** '' for none. */
  readonly delimiter: string
  /** As `after` of `ListObjectsQuery`. */
  readonly afterKey: string
  /** Only with `afterKey`: go on behind this version of it. A version that is gone will do. */
  readonly afterVersion: VersionId | null
  /** 0 … 1000. */
  readonly limit: number
}

export interface VersionsPage {
  /** By key, and from the newest on. */
  readonly versions: readonly ListedVersion[]
  readonly commonPrefixes: readonly string[]
  readonly isTruncated: boolean
  /** What the next page starts behind; of a common prefix there is no version. */
  readonly lastKey: string | null
  readonly lastVersion: VersionId | null
}

export type ListedVersion =
  | (ObjectInfo & {
      readonly kind: 'object'
      readonly versionId: VersionId
      readonly isLatest: boolean
    })
  | {
      readonly kind: 'delete-marker'
      readonly key: ObjectKey
      readonly versionId: VersionId
      readonly isLatest: boolean
      readonly lastModified: number
    }
