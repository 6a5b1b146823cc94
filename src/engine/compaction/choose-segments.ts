/**
 * Which segments are worth compacting: pure arithmetic over what is known of them.
 *
 * Segments without a live byte come first, for they cost nothing. The others are ranked by what
 * they give for what they cost, free space × age ÷ bytes to move: a segment that has kept its live
 * blobs for long will keep them, a young one may still lose them by itself (Rosenblum and
 * Ousterhout, "The Design and Implementation of a Log-Structured File System", 1991, §3.5).
 */

export interface SegmentWorth {
  readonly id: number
  /** Bytes of its records: of a tiny file the header is much, and every new file has one. */
  readonly size: number
  /** Bytes of records of blobs that something names, or may. */
  readonly liveSize: number
  /** Milliseconds since it was begun. */
  readonly ageMs: number
}

export interface ChoiceOptions {
  /** Part of a segment that must be dead, 0 to 1. */
  readonly deadRatioMin: number
  /** Younger segments are left alone, unless nothing in them lives. */
  readonly ageMinMs: number
  /** Live bytes that may go into one new segment. */
  readonly outputSizeMax: number
  /** Live bytes a segment may have at most, where there is no room for more. */
  readonly liveSizeMax?: number
  /** Segments replaced by one commit. */
  readonly sourceCountMax: number
}

/** Ids of segments to replace together, by one segment or none; empty when none is worth it. */
export function chooseSegments(
  segments: readonly SegmentWorth[],
  options: ChoiceOptions,
): readonly number[] {
  const { deadRatioMin, ageMinMs, outputSizeMax, sourceCountMax } = options
  const { liveSizeMax = Number.POSITIVE_INFINITY } = options
  const dead = segments.filter(({ liveSize }) => liveSize <= 0)
  if (dead.length > 0) return dead.slice(0, sourceCountMax).map(({ id }) => id)
  const worthy = segments
    .filter((one) => one.ageMs >= ageMinMs && deadRatio(one) >= deadRatioMin)
    .filter(({ liveSize }) => liveSize <= liveSizeMax)
    .sort((left, right) => benefit(right) - benefit(left) || left.id - right.id)
  const chosen: number[] = []
  let liveSize = 0
  for (const segment of worthy) {
    if (chosen.length === sourceCountMax) break
    // The first one goes alone if it must: it comes out smaller than it went in.
    if (chosen.length > 0 && liveSize + segment.liveSize > outputSizeMax) continue
    chosen.push(segment.id)
    liveSize += segment.liveSize
  }
  return chosen
}

export function deadRatio({ size, liveSize }: SegmentWorth): number {
  return size <= 0 ? 0 : 1 - liveSize / size
}

function benefit(segment: SegmentWorth): number {
  const dead = deadRatio(segment)
  return (dead * Math.max(1, segment.ageMs)) / (2 - dead)
}
