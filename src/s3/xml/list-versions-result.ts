import type { ListPage, ObjectInfo } from '../../store/object-store.ts'
import { type KeyEncoder, keyEncoder, type ListingQuery } from '../listing.ts'
import { NULL_VERSION } from '../version-id.ts'
import { formatEtag } from '../wire/etag.ts'
import { commonPrefixes } from './list-bucket-result.ts'
import { ownerElement } from './owner-element.ts'
import { element, parent, xmlDocument, xmlTime } from './write-xml.ts'

export interface VersionsListing extends ListingQuery {
  readonly keyMarker: string
  readonly versionIdMarker: string
}

/** ListVersionsResult of a bucket without versioning: each object is its only, null version. */
export function listVersionsResult(query: VersionsListing, page: ListPage): string {
  const encode = keyEncoder(query)
  const next = page.isTruncated ? page.last : null
  return xmlDocument('ListVersionsResult', [
    element('Name', query.bucket),
    element('Prefix', encode(query.prefix)),
    element('KeyMarker', encode(query.keyMarker)),
    element('VersionIdMarker', query.versionIdMarker),
    element('NextKeyMarker', next === null ? null : encode(next)),
    element('NextVersionIdMarker', next === null ? null : NULL_VERSION),
    element('MaxKeys', query.limit),
    element('Delimiter', query.delimiter === '' ? null : encode(query.delimiter)),
    element('EncodingType', query.encodingType),
    element('IsTruncated', page.isTruncated),
    ...page.objects.map((object) => version(object, encode)),
    ...commonPrefixes(page.commonPrefixes, encode),
  ])
}

function version(object: ObjectInfo, encode: KeyEncoder): string {
  return parent('Version', [
    element('Key', encode(object.key)),
    element('VersionId', NULL_VERSION),
    element('IsLatest', true),
    element('LastModified', xmlTime(object.lastModified)),
    element('ETag', formatEtag(object.etag)),
    element('ChecksumAlgorithm', object.checksum?.algorithm),
    element('ChecksumType', object.checksum?.type),
    element('Size', object.size),
    ownerElement('Owner'),
    element('StorageClass', object.storageClass),
  ])
}
