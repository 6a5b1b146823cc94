import type { Catalog } from '../catalog/catalog.ts'
import type { BucketName } from '../model/bucket-name.ts'
import type { Change } from './change.ts'
import { StoreError } from './errors.ts'
import { type BucketFields, decodeBucket } from './rows/bucket-row.ts'
import { bucketKey } from './rows/keys.ts'

/** @throws StoreError `no-such-bucket` */
export function requireBucket(catalog: Catalog, bucket: BucketName): BucketFields {
  const row = catalog.get(bucketKey(bucket))
  if (row === null) throw noSuchBucket(bucket)
  return decodeBucket(row)
}

/** As `requireBucket`, and the bucket stays until the change is committed. */
export function bucketIn(change: Change, bucket: BucketName): BucketFields {
  const row = change.read(bucketKey(bucket))
  if (row === null) throw noSuchBucket(bucket)
  return decodeBucket(row)
}

/** S3 names the bucket in its answer. */
function noSuchBucket(bucket: BucketName): StoreError {
  return new StoreError('no-such-bucket', undefined, { bucketName: bucket })
}
