/**
 * The segments being written: one per lane. A lane that fills its segment goes on in a new one and
 * seals the old one in the background; a lane whose segment fails abandons it and does the same.
 */
import type { Segments, SegmentWriter } from '../segment/segments.ts'
import { recordSpan, type Tier } from '../segment/types.ts'
import type { EngineListener } from './events.ts'

export interface LanesParts {
  readonly segments: Segments
  /** Of the segments made here; hot unless set. */
  readonly tier?: Tier
  readonly laneCount: number
  readonly segmentSizeMax: number
  readonly emit: EngineListener
}

export class Lanes {
  readonly #lanes: readonly Lane[]

  constructor(parts: LanesParts) {
    this.#lanes = Array.from({ length: parts.laneCount }, (_, index) => new Lane(index, parts))
  }

  /** The lane with the fewest blobs under way. The caller gives it back. */
  take(): Lane {
    const lane = this.#lanes.reduce((best, other) => (other.load < best.load ? other : best))
    lane.load += 1
    return lane
  }

  giveBack(lane: Lane): void {
    lane.load -= 1
  }

  /** Seals this segment in the background if it is a lane's. Blobs under way go on in another. */
  retire(segment: number): void {
    for (const lane of this.#lanes) lane.retire(segment)
  }

  /** Seals what is being written and waits for every sealing. Never rejects. */
  async close(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.close()))
  }
}

export class Lane {
  readonly #index: number
  readonly #parts: LanesParts
  readonly #sealings = new Set<Promise<void>>()
  /** Writers whose failure was told. */
  readonly #reported = new WeakSet<SegmentWriter>()
  #writer: SegmentWriter | null = null
  /** Blobs under way. */
  load = 0

  constructor(index: number, parts: LanesParts) {
    this.#index = index
    this.#parts = parts
  }

  /** A writer that has room for a payload of this size. */
  writerFor(storedSize: number): SegmentWriter {
    let writer = this.#writer
    if (writer !== null && !writer.isOpen) writer = null
    if (writer !== null && writer.size + recordSpan(storedSize) > this.#parts.segmentSizeMax) {
      this.#sealLater(writer)
      writer = null
    }
    // The file is made by the first write; its lane number tells writers apart when reading it.
    const { segments, tier = 'hot' } = this.#parts
    writer ??= segments.createWriter({ kind: 'data', tier, lane: this.#index })
    this.#writer = writer
    return writer
  }

  retire(segment: number): void {
    const writer = this.#writer
    if (writer?.id !== segment || !writer.isOpen) return
    this.#writer = null
    this.#sealLater(writer)
  }

  /** To be called with every failure of a writer of this lane; tells of each writer once. */
  failed(writer: SegmentWriter, cause: unknown): void {
    if (this.#writer === writer) this.#writer = null
    if (this.#reported.has(writer)) return
    this.#reported.add(writer)
    writer.abandon()
    this.#parts.emit({ event: 'lane-abandoned', lane: this.#index, segment: writer.id, cause })
  }

  async close(): Promise<void> {
    const writer = this.#writer
    this.#writer = null
    if (writer?.isOpen === true) this.#sealLater(writer)
    await Promise.all(this.#sealings)
  }

  #sealLater(writer: SegmentWriter): void {
    const dataSize = writer.size
    const { emit } = this.#parts
    const sealing = writer
      .seal()
      .then(
        () => emit({ event: 'segment-sealed', segment: writer.id, dataSize }),
        (cause: unknown) => this.failed(writer, cause),
      )
      .finally(() => this.#sealings.delete(sealing))
    this.#sealings.add(sealing)
  }
}
