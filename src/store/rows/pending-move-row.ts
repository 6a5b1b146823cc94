/** That the bytes of a current object are to be taken elsewhere (docs/rows.md#pending-move). */
import { RowReader, RowWriter, requireRowVersion } from './row-bytes.ts'

const VERSION = 1

export function encodePendingMove(): Buffer {
  return new RowWriter().u8(VERSION).finish()
}

/** @throws CatalogError when it is not such a row */
export function requirePendingMove(row: Buffer): void {
  requireRowVersion('pending move', row, VERSION)
  new RowReader('pending move', row, 1).end()
}
