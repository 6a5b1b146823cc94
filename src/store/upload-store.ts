/** Multipart uploads: part of the contract of the store. */
import type { BucketName } from '../model/bucket-name.ts'
import type { Checksum, ChecksumAlgorithm, ChecksumType } from '../model/checksum.ts'
import type { ObjectKey } from '../model/object-key.ts'
import type { StorageClass } from '../model/storage-class.ts'
import type { VersionId } from '../model/version-id.ts'
import type {
  CopySource,
  ObjectAttributes,
  ObjectBody,
  VersionInfo,
  WriteConditions,
} from './object-store.ts'

export interface UploadStore {
  createMultipartUpload(input: CreateUploadInput): Promise<UploadInfo>
  uploadPart(input: UploadPartInput): Promise<PartInfo>
  uploadPartCopy(input: UploadPartCopyInput): Promise<CopiedPart>
  /** Completing twice with the same parts succeeds twice, with the same answer. */
  completeMultipartUpload(input: CompleteUploadInput): Promise<VersionInfo>
  abortMultipartUpload(bucket: BucketName, key: ObjectKey, uploadId: string): Promise<void>
  listParts(query: ListPartsQuery): Promise<PartsPage>
  listMultipartUploads(query: ListUploadsQuery): Promise<UploadsPage>
}

export interface CreateUploadInput {
  readonly bucket: BucketName
  readonly key: ObjectKey
  readonly attributes: ObjectAttributes
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly type: ChecksumType } | null
}

export interface UploadInfo {
  readonly key: ObjectKey
  readonly uploadId: string
  readonly initiatedAt: number
  readonly storageClass: StorageClass
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly type: ChecksumType } | null
}

export interface UploadPartInput {
  readonly bucket: BucketName
  readonly key: ObjectKey
  readonly uploadId: string
  /** 1 … 10000. */
  readonly partNumber: number
  readonly body: ObjectBody
}

export interface UploadPartCopyInput {
  readonly source: CopySource
  /** `end` inclusive, as HTTP says it; refused when it reaches past the source. */
  readonly range: { readonly start: number; readonly end: number } | null
  readonly bucket: BucketName
  readonly key: ObjectKey
  readonly uploadId: string
  readonly partNumber: number
  readonly signal: AbortSignal
}

export interface PartInfo {
  readonly partNumber: number
  readonly size: number
  readonly etag: string
  readonly lastModified: number
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly value: string } | null
}

export interface CompleteUploadInput {
  readonly bucket: BucketName
  readonly key: ObjectKey
  readonly uploadId: string
  readonly parts: readonly CompletedPart[]
  readonly checksum: Checksum | null
  /** x-amz-checksum-type, when the client repeats it. */
  readonly checksumType: ChecksumType | null
  /** x-amz-mp-object-size. */
  readonly size: number | null
  readonly conditions: WriteConditions
}

export interface CompletedPart {
  readonly partNumber: number
  /** Without quotes. */
  readonly etag: string
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly value: string } | null
}

export interface ListPartsQuery {
  readonly bucket: BucketName
  readonly key: ObjectKey
  readonly uploadId: string
  readonly afterPart: number
  readonly limit: number
}

export interface PartsPage {
  readonly upload: UploadInfo
  readonly parts: readonly PartInfo[]
  readonly isTruncated: boolean
}

export interface ListUploadsQuery {
  readonly bucket: BucketName
  readonly prefix: string
  readonly delimiter: string
  readonly afterKey: string
  /** Only with `afterKey`: uploads of that key after this one. */
  readonly afterUploadId: string
  readonly limit: number
}

export interface UploadsPage {
  readonly uploads: readonly UploadInfo[]
  readonly commonPrefixes: readonly string[]
  readonly isTruncated: boolean
  readonly lastKey: string | null
  readonly lastUploadId: string | null
}

export interface CopiedPart extends PartInfo {
  /** As of a copied object. */
  readonly sourceVersionId: VersionId | null
}
