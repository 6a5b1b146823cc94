import type { Checksum } from '../model/checksum.ts'
import type { ObjectHead } from '../store/object-store.ts'
import { checksumHeaderName } from './wire/checksum-headers.ts'
import { formatEtag } from './wire/etag.ts'
import { formatHttpDate } from './wire/http-date.ts'

/** What S3 answers for an object stored without a Content-Type. */
const CONTENT_TYPE_DEFAULT = 'binary/octet-stream'

export interface ObjectHeadersOptions {
  readonly withChecksum: boolean
  /** True when the client asked by partNumber: only then S3 tells how many there are. */
  readonly isPart: boolean
  /** From `response-*` parameters; they replace what is stored. */
  readonly overrides: Readonly<Record<string, string>>
}

/** Headers of GetObject and HeadObject. AWS API Reference, GetObject, response elements. */
export function objectHeaders(
  head: ObjectHead,
  options: ObjectHeadersOptions,
): Record<string, string> {
  const { attributes, range } = head
  const headers: Record<string, string> = {
    'content-type': attributes.headers.contentType ?? CONTENT_TYPE_DEFAULT,
    'content-length': String(range.end - range.start),
    etag: formatEtag(head.etag),
    'last-modified': formatHttpDate(head.lastModified),
    'accept-ranges': 'bytes',
  }
  if (head.isPartial) {
    headers['content-range'] = `bytes ${range.start}-${range.end - 1}/${head.size}`
  }
  addContentHeaders(headers, attributes.headers)
  for (const [name, value] of attributes.metadata) headers[`x-amz-meta-${name}`] = value
  if (head.versionId !== null) headers['x-amz-version-id'] = head.versionId
  if (head.storageClass !== 'STANDARD') headers['x-amz-storage-class'] = head.storageClass
  if (attributes.tags.length > 0) headers['x-amz-tagging-count'] = String(attributes.tags.length)
  if (options.isPart && head.partsCount !== null) {
    headers['x-amz-mp-parts-count'] = String(head.partsCount)
  }
  // A checksum of the whole says nothing about a range: clients would compare it and fail. For a
  // part the store gives the part's own.
  const isCovered = !head.isPartial || options.isPart
  if (options.withChecksum && head.checksum !== null && isCovered) {
    Object.assign(headers, checksumHeaders(head.checksum))
  }
  return Object.assign(headers, options.overrides)
}

/** x-amz-checksum-… and its type. */
export function checksumHeaders(checksum: Checksum | null): Record<string, string> {
  if (checksum === null) return {}
  return {
    [checksumHeaderName(checksum.algorithm)]: checksum.value,
    'x-amz-checksum-type': checksum.type,
  }
}

function addContentHeaders(
  headers: Record<string, string>,
  stored: ObjectHead['attributes']['headers'],
): void {
  if (stored.cacheControl !== undefined) headers['cache-control'] = stored.cacheControl
  if (stored.contentDisposition !== undefined) {
    headers['content-disposition'] = stored.contentDisposition
  }
  if (stored.contentEncoding !== undefined) headers['content-encoding'] = stored.contentEncoding
  if (stored.contentLanguage !== undefined) headers['content-language'] = stored.contentLanguage
  if (stored.expires !== undefined) headers['expires'] = stored.expires
  if (stored.websiteRedirectLocation !== undefined) {
    headers['x-amz-website-redirect-location'] = stored.websiteRedirectLocation
  }
}
