import type { BucketName } from '../../../model/bucket-name.ts'
import type { ObjectKey } from '../../../model/object-key.ts'
import type { DecodeRequest } from '../../operation.ts'
import { requireObject } from '../../resource-names.ts'

/** Bucket, key and upload id of a request about an upload under way. */
export function decodeUploadName(request: DecodeRequest): {
  readonly bucket: BucketName
  readonly key: ObjectKey
  readonly uploadId: string
} {
  return { ...requireObject(request), uploadId: request.query.get('uploadId') ?? '' }
}
