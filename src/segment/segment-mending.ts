/** Mends whole segments, each once at a time, where a mirror has several copies of them. */
import type { Mirror } from '../platform/mirror/mirrored-file-system.ts'
import type { LiveSegment } from './live-segment.ts'
import { SegmentCopies, type Spend } from './segment-copies.ts'
import { SEGMENT_HEADER_SIZE } from './segment-header.ts'

export class SegmentMending {
  readonly #mirror: Mirror | null
  readonly #storeId: Uint8Array
  readonly #underWay = new Map<number, Promise<number>>()

  constructor(mirror: Mirror | null, storeId: Uint8Array) {
    this.#mirror = mirror
    this.#storeId = storeId
  }

  /** As `Segments.mend`. */
  mend(segment: LiveSegment, spend?: Spend): Promise<number> {
    const known = this.#underWay.get(segment.id)
    if (known !== undefined) return known
    const mending = this.#mend(segment, spend).finally(() => this.#underWay.delete(segment.id))
    this.#underWay.set(segment.id, mending)
    return mending
  }

  /** To be awaited before the file is removed: one that is mended would be made again. */
  async settled(segment: LiveSegment): Promise<void> {
    await this.#underWay.get(segment.id)?.catch(() => {})
  }

  async #mend(segment: LiveSegment, spend?: Spend): Promise<number> {
    const { id, kind, path } = segment
    if (this.#mirror?.covers(path) !== true) return 0
    // A journal or data segment has its id in its name; a snapshot has not.
    const expected = { kind, id: kind === 'snapshot' ? null : id, storeId: this.#storeId }
    const copies = new SegmentCopies(this.#mirror, spend)
    const isWritten = segment.writer !== null
    if (isWritten && segment.dataSize <= SEGMENT_HEADER_SIZE) return 0
    await copies.mend(path, expected, isWritten ? segment.dataSize : null)
    return copies.mendCount
  }
}
