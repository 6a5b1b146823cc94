/** An ACL as a field of rows (docs/rows.md#acl). */
import type { Acl } from '../../model/acl.ts'
import { damagedRow, type RowReader, type RowWriter } from './row-bytes.ts'

/** Numbers on disk, for ever. */
const aclNumbers = {
  private: 1,
  'public-read': 2,
  'public-read-write': 3,
  'authenticated-read': 4,
} as const satisfies Record<Acl, number>
const aclNames = Object.keys(aclNumbers) as Acl[]

export function writeAcl(writer: RowWriter, acl: Acl): void {
  writer.u8(aclNumbers[acl])
}

export function readAcl(reader: RowReader, row: string): Acl {
  const byte = reader.u8()
  const acl = aclNames.find((name) => aclNumbers[name] === byte)
  if (acl === undefined) throw damagedRow(row, 'ACL')
  return acl
}
