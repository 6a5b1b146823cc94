/** Which segments replaced one that compaction took out (docs/rows.md#lineage). */
import { RowReader, RowWriter, requireRowVersion } from './row-bytes.ts'

const VERSION = 1

/** None when nothing in the replaced segment lived. */
export function encodeLineage(successors: readonly number[]): Buffer {
  const writer = new RowWriter().u8(VERSION).u16(successors.length)
  for (const id of successors) writer.u32(id)
  return writer.finish()
}

/** Ids of segments; none when nothing in the replaced one lived. */
export function decodeLineage(row: Buffer): readonly number[] {
  requireRowVersion('lineage', row, VERSION)
  const reader = new RowReader('lineage', row, 1)
  const successors: number[] = []
  const count = reader.u16()
  for (let index = 0; index < count; index++) successors.push(reader.u32())
  reader.end()
  return successors
}
