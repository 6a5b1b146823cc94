import { type BucketName, parseBucketName } from '../model/bucket-name.ts'
import { KEY_SIZE_MAX, type ObjectKey, parseObjectKey } from '../model/object-key.ts'
import { S3Error } from './errors.ts'

/** The bucket a request is about. @throws S3Error `InvalidBucketName` */
export function requireBucket(name: string | null): BucketName {
  const bucket = name === null ? null : parseBucketName(name)
  if (bucket === null) throw new S3Error('InvalidBucketName', { BucketName: name ?? '' })
  return bucket
}

/** The key a request is about. @throws S3Error `KeyTooLongError`, `InvalidURI` */
export function requireKey(text: string | null): ObjectKey {
  const key = text === null ? null : parseObjectKey(text)
  if (key !== null) return key
  const size = Buffer.byteLength(text ?? '')
  if (size > KEY_SIZE_MAX) {
    throw new S3Error('KeyTooLongError', {
      Size: String(size),
      MaxSizeAllowed: String(KEY_SIZE_MAX),
    })
  }
  throw new S3Error('InvalidURI', { URI: text ?? '' })
}

/** Both at once, for operations on objects. */
export function requireObject(request: {
  readonly bucket: string | null
  readonly key: string | null
}): {
  readonly bucket: BucketName
  readonly key: ObjectKey
} {
  return { bucket: requireBucket(request.bucket), key: requireKey(request.key) }
}
