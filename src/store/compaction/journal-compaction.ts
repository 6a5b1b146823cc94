/**
 * The journal as compaction sees it: segments that nobody needs as journal any more are replaced
 * like any other, and their live small blobs move; and where much would come free, the journal is
 * brought to the point at which it can.
 */
import type { Put } from '../../catalog/catalog.ts'
import type { JournalRelease } from '../../catalog/journal-release.ts'
import type { SegmentInfo, Segments } from '../../segment/segments.ts'
import { liveSizeOf } from './segment-space.ts'

export interface JournalCompactionOptions {
  /** Live bytes that may go into one new segment. */
  readonly segmentSizeMax: number
  readonly sourceCountMax: number
  /** Bytes of dead blobs and old commits for which snapshots are written before they are due. */
  readonly journalBacklogMin: number
}

export interface JournalChoice {
  readonly sources: readonly number[]
  /** For the commit that replaces them. */
  readonly puts: readonly Put[]
}

export class JournalCompaction {
  readonly #journal: JournalRelease
  readonly #segments: Segments
  readonly #options: JournalCompactionOptions

  constructor(journal: JournalRelease, segments: Segments, options: JournalCompactionOptions) {
    this.#journal = journal
    this.#segments = segments
    this.#options = options
  }

  /** All that is released goes, whatever lives in it: commits are dead weight, and blobs move once. */
  async choose(
    dead: ReadonlyMap<number, number>,
    isEligible: (info: SegmentInfo) => boolean,
  ): Promise<JournalChoice | null> {
    const released = (await this.#journal.releasable()).filter(isEligible)
    const { segmentSizeMax, sourceCountMax } = this.#options
    const chosen: SegmentInfo[] = []
    let liveSize = 0
    for (const info of released) {
      liveSize += liveSizeOf(info, dead.get(info.id) ?? 0)
      const isFull = chosen.length === sourceCountMax || liveSize > segmentSizeMax
      if (isFull && chosen.length > 0) break
      chosen.push(info)
    }
    if (chosen.length === 0) return null
    const sources = chosen.map(({ id }) => id)
    return { sources, puts: [this.#journal.startPut(chosen)] }
  }

  /** Whether the journal was moved on, because that frees more than it costs. */
  async checkpoint(dead: ReadonlyMap<number, number>, signal: AbortSignal): Promise<boolean> {
    const { journalBacklogMin } = this.#options
    const size = this.#segments.list('journal').reduce((sum, { dataSize }) => sum + dataSize, 0)
    // Without a look at the snapshots: they are read whole.
    if (size < journalBacklogMin) return false
    const { segments, commitSize, checkpointSize } = await this.#journal.backlog()
    const deadSize = segments.reduce((sum, id) => sum + (dead.get(id) ?? 0), 0)
    if (deadSize + commitSize < Math.max(journalBacklogMin, checkpointSize)) return false
    await this.#journal.checkpoint(signal)
    return true
  }
}
