import type { ChainHeader, SegmentInfo, Segments } from '../../segment/segments.ts'

/** One journal segment, and how much of it counts. */
export interface JournalPart {
  readonly info: SegmentInfo
  /** No segment that counts was opened after it: only its last group can be torn. */
  readonly isLast: boolean
  /**
   * Commits from this sequence on do not count: a later segment begins with it, so what is here was
   * never acknowledged. Infinity when no later segment says so.
   */
  readonly sequenceLimit: number
  /** Header of the segment that says where this one ends (`previousEnd`); null when none does. */
  readonly next: ChainHeader | null
}

/**
 * The journal segments that count, in the order they were written: by id. What a failed group left
 * behind is cut off by the header of the segment opened after the failure; a segment that holds
 * nothing else is left out. A damaged segment has lost its header and limits nothing.
 */
export function journalOrder(segments: Segments): readonly JournalPart[] {
  const parts: JournalPart[] = []
  let sequenceLimit = Number.POSITIVE_INFINITY
  let next: SegmentInfo | null = null
  for (const info of [...segments.list('journal')].reverse()) {
    // Its file is not durable yet, and its header perhaps not even made: it holds and cuts nothing.
    if (info.dataSize === 0) continue
    const isDamaged = info.state === 'damaged'
    if (!isDamaged && info.header.firstSequence >= sequenceLimit) continue
    const isNamed = next !== null && next.header.previousSegment === info.id
    const header = isNamed && next !== null ? next.header : null
    parts.push({ info, isLast: parts.length === 0, sequenceLimit, next: header })
    if (isDamaged) continue
    sequenceLimit = info.header.firstSequence
    next = info
  }
  return parts.reverse()
}
