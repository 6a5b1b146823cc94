import { S3Error } from '../../errors.ts'
import { operation } from '../../operation.ts'
import type { RequestHeaders } from '../../request.ts'

/**
 * A browser's preflight, which is never signed. No CORS rules can be set yet, so the answer is the
 * one S3 gives for a bucket without any; whether the bucket is there is not told.
 */
function preflight(name: string, resource: 'bucket' | 'object') {
  return operation({
    name,
    route: { method: 'OPTIONS', resource },
    action: 's3:GetBucketCORS',
    isPublic: true,
    support: 'neutral',
    decode: ({ headers }) => refuseIncomplete(headers),
    handle: () => Promise.reject(new S3Error('AccessForbidden')),
  })
}

export const preflightBucket = preflight('PreflightBucket', 'bucket')
export const preflightObject = preflight('PreflightObject', 'object')

function refuseIncomplete(headers: RequestHeaders): void {
  if (headers.get('origin') === null) {
    throw new S3Error(
      'BadRequest',
      {},
      { message: 'Insufficient information. Origin request header needed.' },
    )
  }
  if (headers.get('access-control-request-method') === null) {
    throw new S3Error('BadRequest', {}, { message: 'Invalid Access-Control-Request-Method: null' })
  }
}
