import { unreachable } from '../base/unreachable.ts'
import { StoreError } from '../store/errors.ts'
import { S3Error, type S3ErrorCode } from './errors.ts'
import { formatEtag } from './wire/etag.ts'
import { formatHttpDate } from './wire/http-date.ts'

/** The one door from lower floors to the wire: whatever is not named here is an InternalError. */
export function toS3Error(cause: unknown): S3Error {
  if (cause instanceof S3Error) return cause
  if (!(cause instanceof StoreError)) return new S3Error('InternalError', {}, { cause })
  const { kind } = cause
  switch (kind) {
    case 'not-modified':
      return new S3Error('NotModified', {}, { cause, headers: validators(cause.detail) })
    case 'range-not-satisfiable':
      return rangeError(cause)
    case 'invalid-request':
      return new S3Error('InvalidRequest', elements(cause), { cause, message: cause.message })
    case 'corruption':
      // Where the damage lies is for the log; the client can only try again or tell somebody.
      return new S3Error('InternalError', {}, { cause })
    case 'no-such-key':
      return noSuchKey(cause)
    case 'delete-marker':
      return deleteMarker(cause)
    case 'unavailable':
      return new S3Error('ServiceUnavailable', {}, { cause, headers: { 'retry-after': '1' } })
    case 'bad-digest':
      return badDigest(cause)
    default:
      return new S3Error(codeOf(kind), elements(cause), { cause })
  }
}

type PlainKind = Exclude<
  StoreError['kind'],
  | 'not-modified'
  | 'range-not-satisfiable'
  | 'invalid-request'
  | 'corruption'
  | 'no-such-key'
  | 'delete-marker'
  | 'unavailable'
  | 'bad-digest'
>

function codeOf(kind: PlainKind): S3ErrorCode {
  switch (kind) {
    case 'no-such-bucket':
      return 'NoSuchBucket'
    case 'bucket-exists':
      return 'BucketAlreadyOwnedByYou'
    case 'bucket-not-empty':
      return 'BucketNotEmpty'
    case 'acls-disabled':
      return 'AccessControlListNotSupported'
    case 'public-access-blocked':
      return 'AccessDenied'
    case 'public-bucket-acl':
      return 'InvalidBucketAclWithObjectOwnership'
    case 'no-such-version':
      return 'NoSuchVersion'
    case 'no-such-upload':
      return 'NoSuchUpload'
    case 'invalid-part':
      return 'InvalidPart'
    case 'invalid-part-order':
      return 'InvalidPartOrder'
    case 'part-too-small':
      return 'EntityTooSmall'
    case 'object-too-large':
      return 'EntityTooLarge'
    case 'precondition-failed':
      return 'PreconditionFailed'
    case 'conflict':
      return 'ConditionalRequestConflict'
    case 'incomplete-body':
      return 'IncompleteBody'
    case 'disk-full':
      return 'InsufficientStorage'
    default:
      return unreachable(kind)
  }
}

/** RFC 9110 §15.4.5: a 304 carries what a 200 would have said to identify the representation. */
function validators(detail: Readonly<Record<string, string>>): Record<string, string> {
  const headers: Record<string, string> = {}
  const { etag } = detail
  if (etag !== undefined) headers['etag'] = formatEtag(etag)
  const lastModified = Number(detail['lastModified'])
  if (detail['lastModified'] !== undefined && Number.isFinite(lastModified)) {
    headers['last-modified'] = formatHttpDate(lastModified)
  }
  return headers
}

/** A delete marker is told of: the object is not there, and a version of it is. */
function noSuchKey(cause: StoreError): S3Error {
  const { markerVersionId, ...detail } = cause.detail
  const headers = markerVersionId === undefined ? {} : markerHeaders(markerVersionId)
  return new S3Error('NoSuchKey', elements({ detail }), { cause, headers })
}

/** AWS API Reference, GetObject: 405 for the version id of a delete marker. */
function deleteMarker(cause: StoreError): S3Error {
  const { versionId = '', lastModified } = cause.detail
  const headers = { ...markerHeaders(versionId), allow: 'DELETE' }
  const time = lastModified === undefined ? {} : validators({ lastModified })
  const detail = { Method: 'GET', ResourceType: 'DeleteMarker' }
  return new S3Error('MethodNotAllowed', detail, { cause, headers: { ...headers, ...time } })
}

function markerHeaders(versionId: string): Record<string, string> {
  return { 'x-amz-delete-marker': 'true', 'x-amz-version-id': versionId }
}

function rangeError(cause: StoreError): S3Error {
  const { size, partNumber, partsCount } = cause.detail
  if (partNumber !== undefined) {
    const detail = { ActualPartCount: partsCount ?? '', PartNumberRequested: partNumber }
    return new S3Error('InvalidPartNumber', detail, { cause })
  }
  if (size === undefined) return new S3Error('InvalidRange', {}, { cause })
  return new S3Error(
    'InvalidRange',
    { ActualObjectSize: size },
    { cause, headers: { 'content-range': `bytes */${size}` } },
  )
}

function badDigest(cause: StoreError): S3Error {
  const { field } = cause.detail
  if (field === undefined) return new S3Error('BadDigest', {}, { cause })
  const message =
    field === 'Content-MD5'
      ? 'The Content-MD5 you specified did not match what we received.'
      : `The ${field} you specified did not match the calculated checksum.`
  return new S3Error('BadDigest', {}, { cause, message })
}

/** Facts become elements of the error body, which S3 writes with a capital. */
function elements({ detail }: Pick<StoreError, 'detail'>): Record<string, string> {
  const named: Record<string, string> = {}
  for (const [name, value] of Object.entries(detail)) {
    named[ELEMENT_NAMES[name] ?? `${name.charAt(0).toUpperCase()}${name.slice(1)}`] = value
  }
  return named
}

const ELEMENT_NAMES: Readonly<Record<string, string>> = { etag: 'ETag' }
