import type { SegmentInfo, Segments } from '../../segment/segments.ts'
import { recordSpan } from '../../segment/types.ts'
import { decodeEnd, SNAPSHOT_END_SIZE, type SnapshotEnd } from './snapshot-record.ts'

/** What the end of a snapshot says; null when it does not verify. Does not read the pages. */
export async function readSnapshotEnd(
  segments: Segments,
  info: SegmentInfo,
): Promise<SnapshotEnd | null> {
  try {
    const offset = info.dataSize - recordSpan(SNAPSHOT_END_SIZE)
    const { header, payload } = await segments.read({ segment: info.id, offset })
    if (header.kind !== 'snapshotEnd') return null
    const end = decodeEnd(payload)
    return end.position.sequence === info.header.firstSequence ? end : null
  } catch {
    return null
  }
}
