import { readInt64, writeInt64 } from './int64.ts'
import type { Row } from './overlay.ts'

/** Bytes of a counter: a row of any other size is none. */
export const COUNTER_SIZE = 8

/** Whether a row can be added to: a counter, or none yet. */
export function isCounter(row: Row): boolean {
  return row === null || row.length === COUNTER_SIZE
}

/** A counter row after an addition; null when it came to 0. What is no counter counts as 0. */
export function addToCounter(row: Row, delta: number): Row {
  const old = row !== null && row.length === COUNTER_SIZE ? readInt64(row, 0) : 0
  const value = old + delta
  if (value === 0) return null
  const bytes = Buffer.allocUnsafe(COUNTER_SIZE)
  writeInt64(bytes, value, 0)
  return bytes
}
