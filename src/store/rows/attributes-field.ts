/**
 * What a client chose about an object besides its bytes, as a field of object and upload rows
 * (docs/rows.md#attributes).
 */
import type { Acl } from '../../model/acl.ts'
import type { StorageClass } from '../../model/storage-class.ts'
import type { ContentHeaders, Tags } from '../object-store.ts'
import { readAcl, writeAcl } from './acl-field.ts'
import { damagedRow, type RowReader, type RowWriter } from './row-bytes.ts'

export interface StoredAttributes {
  readonly headers: ContentHeaders
  readonly metadata: ReadonlyMap<string, string>
  readonly tags: Tags
  /** Private when it is not there. */
  readonly acl?: Acl
}

/** Bit i of the mask says that header i is there. Order on disk, for ever. */
const headerNames = [
  'contentType',
  'cacheControl',
  'contentDisposition',
  'contentEncoding',
  'contentLanguage',
  'expires',
  'websiteRedirectLocation',
] as const satisfies readonly (keyof ContentHeaders)[]

/** In the mask: behind the tags there is an ACL. Rows without one are as they were before ACLs. */
const HAS_ACL = 0x80

/** Numbers on disk, for ever. */
const classNumbers = {
  STANDARD: 1,
  REDUCED_REDUNDANCY: 2,
  STANDARD_IA: 3,
  ONEZONE_IA: 4,
  INTELLIGENT_TIERING: 5,
  GLACIER: 6,
  DEEP_ARCHIVE: 7,
  GLACIER_IR: 8,
} as const satisfies Record<StorageClass, number>
const classes = Object.keys(classNumbers) as StorageClass[]
const classByNumber = new Map(classes.map((name) => [classNumbers[name] as number, name]))

export function storageClassByte(storageClass: StorageClass): number {
  return classNumbers[storageClass]
}

export function storageClassOf(byte: number, row: string): StorageClass {
  const storageClass = classByNumber.get(byte)
  if (storageClass === undefined) throw damagedRow(row, 'storage class')
  return storageClass
}

export function writeAttributes(writer: RowWriter, attributes: StoredAttributes): void {
  const { headers, metadata, tags, acl = 'private' } = attributes
  const hasAcl = acl !== 'private'
  let mask = hasAcl ? HAS_ACL : 0
  for (let bit = 0; bit < headerNames.length; bit++) {
    if (headers[headerNames[bit]!] !== undefined) mask |= 1 << bit
  }
  writer.u8(mask)
  for (const name of headerNames) {
    const value = headers[name]
    if (value !== undefined) writer.text(value)
  }
  writer.u16(metadata.size)
  for (const [name, value] of metadata) writer.text(name).text(value)
  writer.u8(tags.length)
  for (const { key, value } of tags) writer.text(key).text(value)
  if (hasAcl) writeAcl(writer, acl)
}

export function readAttributes(reader: RowReader, row: string): StoredAttributes {
  const mask = reader.u8()
  const headers: Partial<Record<keyof ContentHeaders, string>> = {}
  for (const [bit, name] of headerNames.entries()) {
    if (mask & (1 << bit)) headers[name] = reader.text()
  }
  const metadata = new Map<string, string>()
  for (let left = reader.u16(); left > 0; left--) metadata.set(reader.text(), reader.text())
  const tags: { key: string; value: string }[] = []
  for (let left = reader.u8(); left > 0; left--) {
    tags.push({ key: reader.text(), value: reader.text() })
  }
  if ((mask & HAS_ACL) === 0) return { headers, metadata, tags }
  const acl = readAcl(reader, row)
  if (acl === 'private') throw damagedRow(row, 'ACL')
  return { headers, metadata, tags, acl }
}
