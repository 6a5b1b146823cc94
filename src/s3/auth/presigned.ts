import { S3Error } from '../errors.ts'
import type { QueryParameters } from '../request.ts'
import { parseAmzDate } from './amz-date.ts'
import type { SignedAuthorization } from './authorization.ts'
import { malformed, parseCredential } from './credential-scope.ts'
import { ALGORITHM, SKEW_MAX_MS } from './signature-v4.ts'

/** AWS API Reference, "Authenticating Requests: Using Query Parameters": seven days. */
const EXPIRES_MAX = 604_800

/**
 * Reads the credentials of a presigned URL.
 *
 * @throws S3Error `AuthorizationQueryParametersError` for what is missing, repeated or broken
 */
export function parsePresigned(query: QueryParameters): SignedAuthorization {
  requireOnce(query)
  const algorithm = query.get('X-Amz-Algorithm')
  if (algorithm !== ALGORITHM) {
    throw broken(`X-Amz-Algorithm only supports "${ALGORITHM}"`)
  }
  const { accessKey, scope } = parseCredential(query.get('X-Amz-Credential') ?? '', 'query')
  const timestamp = query.get('X-Amz-Date') ?? ''
  const time = parseAmzDate(timestamp)
  if (time === null) {
    throw broken("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
  }
  if (!timestamp.startsWith(scope.date)) {
    throw malformed(
      'query',
      `Invalid credential date "${scope.date}". This date is not the same as X-Amz-Date: ` +
        `"${timestamp.slice(0, 8)}".`,
    )
  }
  return {
    mode: 'query',
    accessKey,
    scope,
    signedHeaders: (query.get('X-Amz-SignedHeaders') ?? '').split(';'),
    signature: query.get('X-Amz-Signature') ?? '',
    timestamp,
    time,
    expiresIn: parseExpires(query.get('X-Amz-Expires') ?? ''),
  }
}

/**
 * Refuses a presigned request outside its time.
 *
 * @throws S3Error `AccessDenied`
 */
export function requireNotExpired(authorization: SignedAuthorization, now: number): void {
  const { time, expiresIn } = authorization
  if (time - now > SKEW_MAX_MS) {
    throw new S3Error(
      'AccessDenied',
      { 'X-Amz-Date': authorization.timestamp, ServerTime: new Date(now).toISOString() },
      { message: 'Request is not valid yet' },
    )
  }
  const expiresAt = time + (expiresIn ?? 0) * 1000
  if (now > expiresAt || expiresIn === 0) {
    throw new S3Error(
      'AccessDenied',
      {
        'X-Amz-Expires': String(expiresIn),
        Expires: new Date(expiresAt).toISOString(),
        ServerTime: new Date(now).toISOString(),
      },
      { message: 'Request has expired' },
    )
  }
}

/** Parameters that must be there exactly once. */
const REQUIRED = [
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-Signature',
  'X-Amz-SignedHeaders',
]

function requireOnce(query: QueryParameters): void {
  const counts = new Map<string, number>(REQUIRED.map((name) => [name, 0]))
  for (const [name, value] of query.entries()) {
    const count = counts.get(name)
    if (count !== undefined && value !== '') counts.set(name, count + 1)
  }
  for (const count of counts.values()) {
    if (count !== 1) {
      throw broken(
        'Query-string authentication version 4 requires the X-Amz-Algorithm, ' +
          'X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and ' +
          'X-Amz-Expires parameters.',
      )
    }
  }
}

function parseExpires(text: string): number {
  if (/^-\d+$/.test(text)) throw broken('X-Amz-Expires must be non-negative')
  if (!/^\d+$/.test(text)) throw broken('X-Amz-Expires should be a number')
  const seconds = Number(text)
  if (seconds > EXPIRES_MAX) {
    throw broken(
      'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires ' +
        `must be less than ${EXPIRES_MAX} seconds`,
    )
  }
  return seconds
}

function broken(message: string): S3Error {
  return new S3Error('AuthorizationQueryParametersError', {}, { message })
}
