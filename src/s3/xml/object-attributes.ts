import type { ObjectHead } from '../../store/object-store.ts'
import { checksumElement, type PartChecksum } from './copy-result.ts'
import { element, parent, xmlDocument } from './write-xml.ts'

/** AWS API Reference, GetObjectAttributes, x-amz-object-attributes. */
export const objectAttributeNames = [
  'ETag',
  'Checksum',
  'ObjectParts',
  'StorageClass',
  'ObjectSize',
] as const
export type ObjectAttributeName = (typeof objectAttributeNames)[number]

export interface ObjectPartsPage {
  readonly totalCount: number
  readonly after: number
  readonly limit: number
  readonly isTruncated: boolean
  readonly parts: readonly {
    readonly partNumber: number
    readonly size: number
    readonly checksum: PartChecksum | null
  }[]
}

/** GetObjectAttributesResponse; `parts` is null for an object that was not uploaded in parts. */
export function objectAttributesResponse(
  head: ObjectHead,
  wanted: ReadonlySet<ObjectAttributeName>,
  parts: ObjectPartsPage | null,
): string {
  return xmlDocument('GetObjectAttributesResponse', [
    // Unlike everywhere else, S3 writes this ETag without quotes.
    wanted.has('ETag') ? element('ETag', head.etag) : '',
    wanted.has('Checksum') && head.checksum !== null
      ? parent('Checksum', [
          checksumElement(head.checksum),
          element('ChecksumType', head.checksum.type),
        ])
      : '',
    wanted.has('ObjectParts') && parts !== null ? partsElement(parts) : '',
    wanted.has('StorageClass') ? element('StorageClass', head.storageClass) : '',
    wanted.has('ObjectSize') ? element('ObjectSize', head.size) : '',
  ])
}

function partsElement(page: ObjectPartsPage): string {
  return parent('ObjectParts', [
    // AWS's reference says TotalPartsCount; on the wire it has always been this.
    element('PartsCount', page.totalCount),
    element('PartNumberMarker', page.after),
    element('NextPartNumberMarker', page.parts.at(-1)?.partNumber ?? page.after),
    element('MaxParts', page.limit),
    element('IsTruncated', page.isTruncated),
    ...page.parts.map((part) =>
      parent('Part', [
        element('PartNumber', part.partNumber),
        element('Size', part.size),
        checksumElement(part.checksum),
      ]),
    ),
  ])
}
