/** How far it is known that every blob is named or garbage (docs/rows.md#audit). */
import { RowReader, RowWriter, requireRowVersion } from './row-bytes.ts'

const VERSION = 1
const ROW = 'audit'

export interface AuditFields {
  /** In data segments below this id there is no blob that is neither, but for what moved there. */
  readonly auditedBelow: number
  /** Whether the rest is to be looked at, because a process ended without an order. */
  readonly isDue: boolean
}

/** The row under `auditKey`. */
export function encodeAudit({ auditedBelow, isDue }: AuditFields): Buffer {
  return new RowWriter()
    .u8(VERSION)
    .u8(isDue ? 1 : 0)
    .u32(auditedBelow)
    .finish()
}

/** Of a store that was never audited when there is no row. */
export function decodeAudit(row: Buffer | null): AuditFields {
  if (row === null) return { auditedBelow: 0, isDue: false }
  requireRowVersion(ROW, row, VERSION)
  const reader = new RowReader(ROW, row, 1)
  const isDue = reader.u8() !== 0
  const auditedBelow = reader.u32()
  reader.end()
  return { auditedBelow, isDue }
}
