import type { BucketName } from '../../model/bucket-name.ts'
import type { ObjectKey } from '../../model/object-key.ts'

/** A version, and where its row is; it may be gone by the time somebody looks there. */
export interface PlacedVersion {
  readonly bucketId: number
  readonly bucket: BucketName
  readonly name: ObjectKey
  /** Of its row. */
  readonly key: Buffer
}
