import { checksumAlgorithms } from '../../model/checksum.ts'
import type { CompletedPart } from '../../store/object-store.ts'
import { S3Error } from '../errors.ts'
import { isChecksumValue } from '../wire/checksum-headers.ts'
import { parseEtag } from '../wire/etag.ts'
import { PART_NUMBER_MAX } from '../wire/integer-parameter.ts'
import { malformed, readXml, type XmlElement } from './read-xml.ts'

/** The parts named by a CompleteMultipartUpload, in the order given. @throws S3Error `MalformedXML` */
export function readCompletedParts(text: string): readonly CompletedPart[] {
  const root = readXml(text, 'CompleteMultipartUpload')
  const { children } = root
  if (children.length === 0 || children.length > PART_NUMBER_MAX) throw malformed()
  return children.map(readPart)
}

function readPart(element: XmlElement): CompletedPart {
  if (element.name !== 'Part') throw malformed()
  let etag: string | null = null
  let partNumber: number | null = null
  let checksum: CompletedPart['checksum'] = null
  // One walk over the children: with 10,000 parts this is the whole cost of the document.
  for (const { name, text } of element.children) {
    if (name === 'ETag' && etag === null) etag = parseEtag(text)
    else if (name === 'PartNumber' && partNumber === null) partNumber = readPartNumber(text)
    else if (name.startsWith('Checksum') && checksum === null) checksum = readChecksum(name, text)
    else throw malformed()
  }
  if (etag === null || partNumber === null) throw malformed()
  return { partNumber, etag, checksum }
}

const DIGITS = /^\d{1,9}$/

function readPartNumber(text: string): number {
  const digits = text.trim()
  if (!DIGITS.test(digits)) throw malformed()
  const number = Number(digits)
  if (number >= 1 && number <= PART_NUMBER_MAX) return number
  throw new S3Error(
    'InvalidArgument',
    { ArgumentName: 'partNumber', ArgumentValue: digits },
    { message: 'Part number must be an integer between 1 and 10000, inclusive' },
  )
}

function readChecksum(name: string, text: string): CompletedPart['checksum'] {
  const algorithm = checksumAlgorithms.find((known) => name === `Checksum${known}`)
  if (algorithm === undefined) throw malformed()
  const value = text.trim()
  if (!isChecksumValue(algorithm, value)) {
    throw new S3Error('InvalidRequest', {}, { message: `Value for ${name} is invalid.` })
  }
  return { algorithm, value }
}
