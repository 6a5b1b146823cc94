import type { ListedVersion, VersionsPage } from '../../store/object-store.ts'
import { type KeyEncoder, keyEncoder, type ListingQuery } from '../listing.ts'
import { formatEtag } from '../wire/etag.ts'
import { commonPrefixes } from './list-bucket-result.ts'
import { ownerElement } from './owner-element.ts'
import { element, parent, xmlDocument, xmlTime } from './write-xml.ts'

export interface VersionsListing extends ListingQuery {
  readonly keyMarker: string
  /** As the client sent it. */
  readonly versionIdMarker: string
}

/** ListVersionsResult: versions and delete markers mixed, in the one order they have. */
export function listVersionsResult(query: VersionsListing, page: VersionsPage): string {
  const encode = keyEncoder(query)
  const next = page.isTruncated ? page.lastKey : null
  return xmlDocument('ListVersionsResult', [
    element('Name', query.bucket),
    element('Prefix', encode(query.prefix)),
    element('KeyMarker', encode(query.keyMarker)),
    element('VersionIdMarker', query.versionIdMarker),
    element('NextKeyMarker', next === null ? null : encode(next)),
    element('NextVersionIdMarker', next === null ? null : page.lastVersion),
    element('MaxKeys', query.limit),
    element('Delimiter', query.delimiter === '' ? null : encode(query.delimiter)),
    element('EncodingType', query.encodingType),
    element('IsTruncated', page.isTruncated),
    ...page.versions.map((version) => versionElement(version, encode)),
    ...commonPrefixes(page.commonPrefixes, encode),
  ])
}

function versionElement(version: ListedVersion, encode: KeyEncoder): string {
  const name = [
    element('Key', encode(version.key)),
    element('VersionId', version.versionId),
    element('IsLatest', version.isLatest),
    element('LastModified', xmlTime(version.lastModified)),
  ]
  if (version.kind === 'delete-marker') {
    return parent('DeleteMarker', [...name, ownerElement('Owner')])
  }
  return parent('Version', [
    ...name,
    element('ETag', formatEtag(version.etag)),
    element('ChecksumAlgorithm', version.checksum?.algorithm),
    element('ChecksumType', version.checksum?.type),
    element('Size', version.size),
    ownerElement('Owner'),
    element('StorageClass', version.storageClass),
  ])
}
