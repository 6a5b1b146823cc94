import type { ObjectInfo, PartsPage, UploadInfo, UploadsPage } from '../../store/object-store.ts'
import { type KeyEncoder, keyEncoder, type ListingQuery } from '../listing.ts'
import { formatEtag } from '../wire/etag.ts'
import { checksumElement } from './copy-result.ts'
import { commonPrefixes } from './list-bucket-result.ts'
import { ownerElement } from './owner-element.ts'
import { element, parent, xmlDocument, xmlTime } from './write-xml.ts'

export interface UploadName {
  readonly bucket: string
  readonly key: string
  readonly uploadId: string
}

export function initiateMultipartUploadResult({ bucket, key, uploadId }: UploadName): string {
  return xmlDocument('InitiateMultipartUploadResult', [
    element('Bucket', bucket),
    element('Key', key),
    element('UploadId', uploadId),
  ])
}

export function completeMultipartUploadResult(
  location: string,
  bucket: string,
  object: ObjectInfo,
): string {
  return xmlDocument('CompleteMultipartUploadResult', [
    element('Location', location),
    element('Bucket', bucket),
    element('Key', object.key),
    element('ETag', formatEtag(object.etag)),
    object.checksum === null ? '' : checksumElement(object.checksum),
    element('ChecksumType', object.checksum?.type),
  ])
}

export interface PartsListing extends UploadName {
  readonly afterPart: number
  readonly limit: number
  readonly encodingType: 'url' | null
}

export function listPartsResult(query: PartsListing, page: PartsPage): string {
  const encode = keyEncoder(query)
  return xmlDocument('ListPartsResult', [
    element('Bucket', query.bucket),
    element('Key', encode(query.key)),
    element('UploadId', query.uploadId),
    ownerElement('Initiator'),
    ownerElement('Owner'),
    element('StorageClass', page.upload.storageClass),
    element('PartNumberMarker', query.afterPart),
    element('NextPartNumberMarker', page.parts.at(-1)?.partNumber ?? query.afterPart),
    element('MaxParts', query.limit),
    element('EncodingType', query.encodingType),
    element('IsTruncated', page.isTruncated),
    element('ChecksumAlgorithm', page.upload.checksum?.algorithm),
    element('ChecksumType', page.upload.checksum?.type),
    ...page.parts.map((part) =>
      parent('Part', [
        element('PartNumber', part.partNumber),
        element('LastModified', xmlTime(part.lastModified)),
        element('ETag', formatEtag(part.etag)),
        element('Size', part.size),
        checksumElement(part.checksum),
      ]),
    ),
  ])
}

export interface UploadsListing extends ListingQuery {
  readonly keyMarker: string
  readonly uploadIdMarker: string
}

export function listMultipartUploadsResult(query: UploadsListing, page: UploadsPage): string {
  const encode = keyEncoder(query)
  const nextKey = page.isTruncated ? page.lastKey : null
  return xmlDocument('ListMultipartUploadsResult', [
    element('Bucket', query.bucket),
    element('KeyMarker', encode(query.keyMarker)),
    element('UploadIdMarker', query.uploadIdMarker),
    element('NextKeyMarker', nextKey === null ? null : encode(nextKey)),
    element('NextUploadIdMarker', page.isTruncated ? (page.lastUploadId ?? '') : null),
    element('Prefix', encode(query.prefix)),
    element('Delimiter', query.delimiter === '' ? null : encode(query.delimiter)),
    element('EncodingType', query.encodingType),
    element('MaxUploads', query.limit),
    element('IsTruncated', page.isTruncated),
    ...page.uploads.map((upload) => uploadElement(upload, encode)),
    ...commonPrefixes(page.commonPrefixes, encode),
  ])
}

function uploadElement(upload: UploadInfo, encode: KeyEncoder): string {
  return parent('Upload', [
    element('Key', encode(upload.key)),
    element('UploadId', upload.uploadId),
    ownerElement('Initiator'),
    ownerElement('Owner'),
    element('StorageClass', upload.storageClass),
    element('Initiated', xmlTime(upload.initiatedAt)),
    element('ChecksumAlgorithm', upload.checksum?.algorithm),
    element('ChecksumType', upload.checksum?.type),
  ])
}
