/**
 * Where the journal begins: the one row that the catalog keeps for itself, under a key of its own
 * (docs/format.md#where-the-journal-begins). Commits before it were given up on purpose, by the
 * very commit that wrote the row; whatever else is missing was lost.
 *
 *   offset  size  field
 *        0     1  version: 1
 *        1     8  sequence of the first commit the journal must hold
 */
import type { Put } from '../catalog.ts'
import { CatalogError } from '../errors.ts'
import { readInt64, writeInt64 } from '../int64.ts'

export const journalStartKey: Buffer = Buffer.from('\0journal', 'latin1')
const VERSION = 1
const ROW_SIZE = 9

/** For the commit that gives up every commit before this sequence. */
export function journalStartPut(sequence: number): Put {
  const value = Buffer.alloc(ROW_SIZE)
  value[0] = VERSION
  writeInt64(value, sequence, 1)
  return { key: journalStartKey, value }
}

/** @throws CatalogError `corruption`, `unknown-version` */
export function decodeJournalStart(row: Buffer | null): number {
  if (row === null) return 1
  if (row[0] !== undefined && row[0] > VERSION) {
    throw new CatalogError('unknown-version', 'the row that says where the journal begins')
  }
  if (row.length !== ROW_SIZE || row[0] !== VERSION) {
    throw new CatalogError('corruption', 'the row that says where the journal begins')
  }
  return readInt64(row, 1)
}
