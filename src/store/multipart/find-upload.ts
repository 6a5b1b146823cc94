import type { BucketName } from '../../model/bucket-name.ts'
import type { ObjectKey } from '../../model/object-key.ts'
import type { Change } from '../change.ts'
import { StoreError } from '../errors.ts'
import { bucketIn, requireBucket } from '../find-bucket.ts'
import type { UploadInfo } from '../object-store.ts'
import type { BucketFields } from '../rows/bucket-row.ts'
import { uploadKey } from '../rows/keys.ts'
import { decodeUpload, type UploadFields } from '../rows/upload-row.ts'
import type { StoreContext } from '../store-context.ts'
import { uploadIdBytes } from './upload-ids.ts'

export interface UploadName {
  readonly bucket: BucketName
  readonly key: ObjectKey
  readonly uploadId: string
}

export interface FoundUpload {
  readonly bucket: BucketFields
  readonly bucketId: number
  readonly id: Buffer
  readonly rowKey: Buffer
  readonly upload: UploadFields
}

/** @throws StoreError `no-such-upload`, `no-such-bucket` */
export function requireUpload(context: StoreContext, name: UploadName): FoundUpload {
  const bucket = requireBucket(context.catalog, name.bucket)
  const bucketId = bucket.id
  const id = uploadIdBytes(name.uploadId)
  const rowKey = uploadKey(bucketId, Buffer.from(name.key), id)
  const row = context.catalog.get(rowKey)
  if (row === null) throw new StoreError('no-such-upload')
  return { bucket, bucketId, id, rowKey, upload: decodeUpload(row) }
}

/** As `requireUpload`, and the upload stays until the change is committed; null when it is gone. */
export function uploadIn(change: Change, name: UploadName): FoundUpload | null {
  const bucket = bucketIn(change, name.bucket)
  const bucketId = bucket.id
  const id = uploadIdBytes(name.uploadId)
  const rowKey = uploadKey(bucketId, Buffer.from(name.key), id)
  const row = change.read(rowKey)
  return row === null ? null : { bucket, bucketId, id, rowKey, upload: decodeUpload(row) }
}

export function uploadInfo(key: ObjectKey, id: Buffer, upload: UploadFields): UploadInfo {
  const { initiatedAt, storageClass, checksum } = upload
  return { key, uploadId: id.toString('hex'), initiatedAt, storageClass, checksum }
}
