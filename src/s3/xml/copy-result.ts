import type { Checksum, ChecksumAlgorithm } from '../../model/checksum.ts'
import { formatEtag } from '../wire/etag.ts'
import { element, xmlDocument, xmlTime } from './write-xml.ts'

/** CopyObjectResult. */
export function copyObjectResult(object: {
  readonly etag: string
  readonly lastModified: number
  readonly checksum: Checksum | null
}): string {
  return xmlDocument('CopyObjectResult', [
    element('LastModified', xmlTime(object.lastModified)),
    element('ETag', formatEtag(object.etag)),
    checksumElement(object.checksum),
    element('ChecksumType', object.checksum?.type),
  ])
}

/** CopyPartResult. */
export function copyPartResult(part: {
  readonly etag: string
  readonly lastModified: number
  readonly checksum: PartChecksum | null
}): string {
  return xmlDocument('CopyPartResult', [
    element('LastModified', xmlTime(part.lastModified)),
    element('ETag', formatEtag(part.etag)),
    checksumElement(part.checksum),
  ])
}

export interface PartChecksum {
  readonly algorithm: ChecksumAlgorithm
  readonly value: string
}

/** Such as `<ChecksumCRC32>…`; '' when there is none. */
export function checksumElement(checksum: PartChecksum | null): string {
  return checksum === null ? '' : element(`Checksum${checksum.algorithm}`, checksum.value)
}
