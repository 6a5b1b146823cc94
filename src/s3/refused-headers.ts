import { S3Error } from './errors.ts'
import type { RequestHeaders } from './request.ts'

/**
 * Headers that ask for something this server does not do. Whatever would change the meaning of the
 * stored object is refused by name; harmless and unknown headers are nobody's business.
 */

const ENCRYPTION_PREFIX = 'x-amz-server-side-encryption'
const SOURCE_ENCRYPTION_PREFIX = 'x-amz-copy-source-server-side-encryption'
const CUSTOMER_KEY_HEADERS = [
  'x-amz-server-side-encryption-customer-algorithm',
  'x-amz-server-side-encryption-customer-key',
  'x-amz-server-side-encryption-customer-key-md5',
]
const OBJECT_LOCK_PREFIX = 'x-amz-object-lock-'

/**
 * For requests that make an object: PutObject, CreateMultipartUpload, CopyObject and the parts.
 *
 * @throws S3Error `NotImplemented`, `InvalidRequest`
 */
export function refuseWriteHeaders(headers: RequestHeaders): void {
  for (const [name] of headers.entries()) {
    if (!name.startsWith('x-amz-')) continue
    if (name.startsWith(ENCRYPTION_PREFIX) || name.startsWith(SOURCE_ENCRYPTION_PREFIX)) {
      throw notImplemented(name, 'Server-side encryption is not implemented: nothing was stored.')
    }
    if (name.startsWith(OBJECT_LOCK_PREFIX)) {
      throw new S3Error(
        'InvalidRequest',
        {},
        { message: 'Bucket is missing Object Lock Configuration' },
      )
    }
    if (name === 'x-amz-write-offset-bytes') {
      throw notImplemented(name, 'Appending to an object is not implemented.')
    }
  }
}

/**
 * For reads: a customer key was never used here, so it cannot be the right one.
 *
 * @throws S3Error `InvalidRequest`
 */
export function refuseCustomerKey(headers: RequestHeaders): void {
  if (CUSTOMER_KEY_HEADERS.every((name) => headers.get(name) === null)) return
  throw new S3Error(
    'InvalidRequest',
    {},
    { message: 'The encryption parameters are not applicable to this object.' },
  )
}

/** A header that means something which is not done here. */
export function notImplemented(header: string, message: string): S3Error {
  return new S3Error('NotImplemented', { Header: header }, { message })
}
