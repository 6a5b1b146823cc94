import { parseBucketName } from '../../../model/bucket-name.ts'
import { StoreError } from '../../../store/errors.ts'
import type { ObjectStore } from '../../../store/object-store.ts'
import { corsHeaders, corsMethods, requestedHeaders } from '../../cors.ts'
import { S3Error } from '../../errors.ts'
import { operation } from '../../operation.ts'
import { emptyReply } from '../../replies.ts'
import type { RequestHeaders } from '../../request.ts'

/**
 * A browser's preflight, which is never signed. A bucket that is not there answers as one without
 * rules: whether it is there is not told.
 */
function preflight(name: string, resource: 'bucket' | 'object') {
  return operation({
    name,
    route: { method: 'OPTIONS', resource },
    action: 's3:GetBucketCORS',
    isPublic: true,
    decode: ({ bucket, headers }) => ({ bucket, asked: decodeAsked(headers) }),
    async handle({ store }, { bucket, asked }) {
      const rules = await rulesOf(store, bucket)
      if (rules === null) throw new S3Error('AccessForbidden')
      const allowed = corsHeaders(rules, asked)
      if (allowed !== null) return emptyReply(allowed)
      throw new S3Error(
        'AccessForbidden',
        { Method: asked.method, ResourceType: resource.toUpperCase() },
        { message: NOT_ALLOWED },
      )
    },
  })
}

export const preflightBucket = preflight('PreflightBucket', 'bucket')
export const preflightObject = preflight('PreflightObject', 'object')

const NOT_ALLOWED =
  'CORSResponse: This CORS request is not allowed. This is usually because the evalution of ' +
  'Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are ' +
  "not whitelisted by the resource's CORS spec."

function decodeAsked(headers: RequestHeaders) {
  const origin = headers.get('origin')
  if (origin === null) {
    throw badRequest('Insufficient information. Origin request header needed.')
  }
  const method = headers.get('access-control-request-method')
  if (!corsMethods.some((known) => known === method)) {
    throw badRequest(`Invalid Access-Control-Request-Method: ${method}`)
  }
  const names = headers.get('access-control-request-headers')
  return { origin, method: method ?? '', headers: requestedHeaders(names) }
}

async function rulesOf(store: ObjectStore, name: string | null) {
  const bucket = name === null ? null : parseBucketName(name)
  if (bucket === null) return null
  try {
    return await store.getBucketConfig(bucket, 'cors')
  } catch (error) {
    if (error instanceof StoreError && error.kind === 'no-such-bucket') return null
    throw error
  }
}

function badRequest(message: string): S3Error {
  return new S3Error('BadRequest', {}, { message })
}
