import type { ListPage, ObjectInfo } from '../../store/object-store.ts'
import { type KeyEncoder, keyEncoder, type ListingQuery } from '../listing.ts'
import { formatEtag } from '../wire/etag.ts'
import { ownerElement } from './owner-element.ts'
import { element, parent, xmlDocument, xmlTime } from './write-xml.ts'

/** ListBucketResult of version 1: NextMarker only with a delimiter, as S3 has it. */
export function listBucketResultV1(
  query: ListingQuery & { readonly marker: string },
  page: ListPage,
): string {
  const encode = keyEncoder(query)
  const hasNext = page.isTruncated && query.delimiter !== '' && page.last !== null
  return xmlDocument('ListBucketResult', [
    element('Name', query.bucket),
    // Never encoded in this version: botocore, which asks for url by itself, decodes all but this.
    element('Prefix', query.prefix),
    element('Marker', encode(query.marker)),
    element('NextMarker', hasNext ? encode(page.last) : null),
    element('MaxKeys', query.limit),
    element('Delimiter', query.delimiter === '' ? null : encode(query.delimiter)),
    element('EncodingType', query.encodingType),
    element('IsTruncated', page.isTruncated),
    ...page.objects.map((object) => contents(object, encode, true)),
    ...commonPrefixes(page.commonPrefixes, encode),
  ])
}

export interface ListingV2 extends ListingQuery {
  /** As the client sent it; null when it sent none. */
  readonly continuationToken: string | null
  readonly startAfter: string | null
  readonly fetchOwner: boolean
}

/** ListBucketResult of version 2. */
export function listBucketResultV2(
  query: ListingV2,
  page: ListPage,
  nextToken: string | null,
): string {
  const encode = keyEncoder(query)
  return xmlDocument('ListBucketResult', [
    element('Name', query.bucket),
    element('Prefix', encode(query.prefix)),
    element('ContinuationToken', query.continuationToken),
    element('NextContinuationToken', nextToken),
    element('StartAfter', query.startAfter === null ? null : encode(query.startAfter)),
    element('KeyCount', page.objects.length + page.commonPrefixes.length),
    element('MaxKeys', query.limit),
    element('Delimiter', query.delimiter === '' ? null : encode(query.delimiter)),
    element('EncodingType', query.encodingType),
    element('IsTruncated', page.isTruncated),
    ...page.objects.map((object) => contents(object, encode, query.fetchOwner)),
    ...commonPrefixes(page.commonPrefixes, encode),
  ])
}

/** CommonPrefixes, one element each. */
export function commonPrefixes(prefixes: readonly string[], encode: KeyEncoder): string[] {
  return prefixes.map((prefix) => parent('CommonPrefixes', [element('Prefix', encode(prefix))]))
}

function contents(object: ObjectInfo, encode: KeyEncoder, withOwner: boolean): string {
  return parent('Contents', [
    element('Key', encode(object.key)),
    element('LastModified', xmlTime(object.lastModified)),
    element('ETag', formatEtag(object.etag)),
    element('ChecksumAlgorithm', object.checksum?.algorithm),
    element('ChecksumType', object.checksum?.type),
    element('Size', object.size),
    withOwner ? ownerElement('Owner') : '',
    element('StorageClass', object.storageClass),
  ])
}
