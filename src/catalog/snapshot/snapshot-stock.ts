/**
 * The snapshots there are, and which of them can be relied on. The journal may begin anew only
 * behind the older one of the two newest that verify, and an older snapshot goes only once two
 * newer ones do: whatever single file is lost, the rest still tells everything.
 */
import type { SegmentInfo, Segments } from '../../segment/segments.ts'
import type { CatalogListener } from '../events.ts'
import type { PageCodec } from './page-codec.ts'
import { listSnapshots, verifySnapshot } from './read-snapshot.ts'
import type { SnapshotEnd } from './snapshot-record.ts'

export interface SnapshotStockParts {
  readonly segments: Segments
  readonly codec: PageCodec | null
  readonly listener: CatalogListener
}

export interface VerifiedSnapshot {
  readonly info: SegmentInfo
  readonly end: SnapshotEnd
}

/** Snapshots that are kept, of those that verify. */
export const SNAPSHOT_COUNT = 2

/** One for each catalog, or look at one. */
export class SnapshotStock {
  readonly #parts: SnapshotStockParts
  /** Read whole by this process and found well; by segment id. */
  readonly #verified = new Map<number, SnapshotEnd>()

  constructor(parts: SnapshotStockParts) {
    this.#parts = parts
  }

  /** The newest that verify, newest first, at most two. Each is read once by a process. */
  async newest(): Promise<readonly VerifiedSnapshot[]> {
    const found: VerifiedSnapshot[] = []
    for (const info of listSnapshots(this.#parts.segments)) {
      if (found.length === SNAPSHOT_COUNT) break
      const end = this.#verified.get(info.id) ?? (await this.#verify(info))
      if (end !== null) found.push({ info, end })
    }
    return found
  }

  /** As `newest`, and reads each of them anew. */
  verifyNewest(): Promise<readonly VerifiedSnapshot[]> {
    this.#verified.clear()
    return this.newest()
  }

  /** Removes what is older than the two newest, both read anew; nothing while there are not two. */
  async prune(): Promise<void> {
    const { segments } = this.#parts
    if (listSnapshots(segments).length <= SNAPSHOT_COUNT) return
    const kept = (await this.verifyNewest()).map(({ info }) => info.id)
    if (kept.length < SNAPSHOT_COUNT) return
    for (const { id } of listSnapshots(segments)) {
      if (!kept.includes(id)) await segments.removeSnapshot(id)
    }
  }

  async #verify(info: SegmentInfo): Promise<SnapshotEnd | null> {
    const { segments, codec, listener } = this.#parts
    const end = await verifySnapshot(segments, info, codec)
    if (end === null) {
      listener({ event: 'snapshotRefused', segment: info.id, field: 'snapshot' })
    } else this.#verified.set(info.id, end)
    return end
  }
}
