import { parseStorageClass, type StorageClass } from '../../model/storage-class.ts'
import type { ContentHeaders, ObjectAttributes } from '../../store/object-store.ts'
import { S3Error } from '../errors.ts'
import type { RequestHeaders } from '../request.ts'
import { parseAclHeaders } from './acl-headers.ts'
import { parseTaggingHeader } from './tags.ts'

/**
 * All that a client chooses about an object by headers of PutObject or CreateMultipartUpload.
 *
 * @throws S3Error `MetadataTooLarge`, `InvalidStorageClass`, `InvalidTag`, `InvalidArgument`, and
 *   as `parseAclHeaders`
 */
export function parseObjectAttributes(headers: RequestHeaders): ObjectAttributes {
  const attributes = {
    headers: parseContentHeaders(headers),
    metadata: parseUserMetadata(headers),
    storageClass: parseStorageClassHeader(headers) ?? 'STANDARD',
    tags: parseTaggingHeader(headers.get('x-amz-tagging')),
  }
  const acl = parseAclHeaders(headers)
  return acl === null || acl === 'private' ? attributes : { acl, ...attributes }
}

/** Only what was sent; an empty Content-Encoding is as good as none once `aws-chunked` is gone. */
export function parseContentHeaders(headers: RequestHeaders): ContentHeaders {
  const found: Partial<Record<keyof ContentHeaders, string>> = {}
  for (const [field, name] of CONTENT_HEADERS) {
    const values = headers.all(name)
    if (values.length === 0) continue
    const value = values.length === 1 ? values[0]! : values.join(',')
    refuseControlCharacters(name, value)
    found[field] = value
  }
  if (found.contentEncoding !== undefined) {
    const encoding = withoutAwsChunked(found.contentEncoding)
    if (encoding === '') delete found.contentEncoding
    else found.contentEncoding = encoding
  }
  return found
}

/**
 * x-amz-meta-*: lower-case names without the prefix; a repeated one has its values joined by ','.
 *
 * @throws S3Error `MetadataTooLarge` when names and values take more than 2 KiB together,
 *   `InvalidArgument` for a name that no header can have: forms and presigned URLs know others
 */
export function parseUserMetadata(headers: RequestHeaders): ReadonlyMap<string, string> {
  let metadata: Map<string, string> | null = null
  let size = 0
  for (const [name, value] of headers.entries()) {
    if (!name.startsWith(METADATA_PREFIX)) continue
    refuseUnsendable(name)
    refuseControlCharacters(name, value)
    const key = name.slice(METADATA_PREFIX.length)
    metadata ??= new Map()
    const before = metadata.get(key)
    // One character is one byte on the wire.
    size += before === undefined ? key.length + value.length : value.length + 1
    metadata.set(key, before === undefined ? value : `${before},${value}`)
  }
  if (size > METADATA_SIZE_MAX) {
    throw new S3Error('MetadataTooLarge', {
      MaxSizeAllowed: String(METADATA_SIZE_MAX),
      Size: String(size),
    })
  }
  return metadata ?? NO_METADATA
}

/** Null when not sent. @throws S3Error `InvalidStorageClass` */
export function parseStorageClassHeader(headers: RequestHeaders): StorageClass | null {
  const value = headers.get('x-amz-storage-class')
  if (value === null) return null
  const storageClass = parseStorageClass(value)
  if (storageClass === null)
    throw new S3Error('InvalidStorageClass', { StorageClassRequested: value })
  return storageClass
}

const NO_METADATA: ReadonlyMap<string, string> = new Map()
const METADATA_PREFIX = 'x-amz-meta-'
/** AWS S3 User Guide, "Working with object metadata". */
const METADATA_SIZE_MAX = 2048

const CONTENT_HEADERS = [
  ['contentType', 'content-type'],
  ['cacheControl', 'cache-control'],
  ['contentDisposition', 'content-disposition'],
  ['contentEncoding', 'content-encoding'],
  ['contentLanguage', 'content-language'],
  ['expires', 'expires'],
  ['websiteRedirectLocation', 'x-amz-website-redirect-location'],
] as const satisfies readonly (readonly [keyof ContentHeaders, string])[]

/** Leaves the rest as it was spelled: 'deflate, gzip, aws-chunked' becomes 'deflate, gzip'. */
function withoutAwsChunked(value: string): string {
  if (!value.toLowerCase().includes('aws-chunked')) return value
  const codings = value.split(',')
  return codings
    .filter((coding) => coding.trim().toLowerCase() !== 'aws-chunked')
    .join(',')
    .trim()
}

/** An object with a header that cannot be sent could never be read again. */
function refuseUnsendable(name: string): void {
  if (HEADER_NAME.test(name)) return
  throw new S3Error(
    'InvalidArgument',
    { ArgumentName: JSON.stringify(name) },
    { message: 'The name of metadata may hold only what the name of a header may.' },
  )
}

/** What is kept here goes out as a header again: nothing in it may end one. */
function refuseControlCharacters(name: string, value: string): void {
  if (HEADER_VALUE.test(value)) return
  throw new S3Error(
    'InvalidArgument',
    { ArgumentName: name, ArgumentValue: JSON.stringify(value) },
    { message: 'Header values may not contain control characters.' },
  )
}

// RFC 9110 §5.6.2, token.
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
// UTF-8 arrives here as latin1, so 0x80 … 0x9f are halves of characters and stay.
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
