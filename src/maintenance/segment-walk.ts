/** One segment, record by record: what of it verifies, and what does not. */
import { codecOf } from '../engine/compression/choose.ts'
import { decodeRecipe } from '../engine/recipe.ts'
import type { ScanStep, SegmentInfo, Segments } from '../segment/segments.ts'
import { type RecordHeader, recordSpan } from '../segment/types.ts'

export interface WalkOptions {
  /** none: headers only. crc: payloads are read and verified. whole: they are decoded as well. */
  readonly payloads: 'none' | 'crc' | 'whole'
  /**
   * Called with every record that verifies, in order; may take its time. The payload is there when
   * payloads are read.
   */
  readonly onRecord?: (header: RecordHeader, payload: Buffer | null) => Promise<void> | void
  readonly signal: AbortSignal
}

export interface WalkResult {
  /** Chunks and recipes. */
  readonly recordCount: number
  /** Of them, headers and padding included. */
  readonly storedSize: number
  /** Bytes of payloads that were read and verify. */
  readonly verifiedSize: number
  /** What was there once and is not as it was. */
  readonly damages: readonly SegmentDamage[]
  /** What a power loss tore before anybody was told of it. */
  readonly torn: readonly SegmentDamage[]
}

export interface SegmentDamage {
  readonly offset: number
  readonly field: string
}

/** @throws SegmentError `missing-segment`; the signal's reason; errors of the file system */
export function walkSegment(
  segments: Segments,
  info: SegmentInfo,
  options: WalkOptions,
): Promise<WalkResult> {
  return new SegmentWalk(segments, info, options).run()
}

type Hole = ScanStep & { readonly step: 'damage' | 'torn' }

class SegmentWalk {
  readonly #segments: Segments
  readonly #info: SegmentInfo
  readonly #options: WalkOptions
  readonly #holes: Hole[] = []
  readonly #damages: SegmentDamage[] = []
  readonly #torn: SegmentDamage[] = []
  #durableEnd = 0
  #recordCount = 0
  #storedSize = 0
  #verifiedSize = 0

  constructor(segments: Segments, info: SegmentInfo, options: WalkOptions) {
    this.#segments = segments
    this.#info = info
    this.#options = options
  }

  async run(): Promise<WalkResult> {
    const { payloads, signal, onRecord } = this.#options
    const { id, state } = this.#info
    for await (const step of this.#segments.scan(id, { payloads: payloads !== 'none' })) {
      signal.throwIfAborted()
      if (step.step !== 'record') {
        this.#holes.push(step)
        continue
      }
      const { header, payload } = step
      this.#durableEnd = Math.max(this.#durableEnd, header.durableEnd)
      this.#verifiedSize += payload?.length ?? 0
      if (header.kind === 'chunk' || header.kind === 'recipe') {
        this.#recordCount += 1
        this.#storedSize += recordSpan(header.storedSize)
        if (state === 'sealed') await this.#checkIndex(header)
        if (payloads === 'whole' && payload !== null) await this.#checkPayload(header, payload)
      }
      await onRecord?.(header, payload)
    }
    this.#judgeHoles()
    return {
      recordCount: this.#recordCount,
      storedSize: this.#storedSize,
      verifiedSize: this.#verifiedSize,
      damages: this.#damages,
      torn: this.#torn,
    }
  }

  async #checkIndex({ blob, number, place }: RecordHeader): Promise<void> {
    const key = { blob, number }
    if (!this.#segments.mayHold(place.segment, key)) {
      this.#damage(place.offset, 'the Bloom bits deny this record')
      return
    }
    const found = await this.#segments.find(place.segment, key)
    if (found.place?.offset === place.offset) return
    this.#damage(place.offset, 'the index does not lead to this record')
  }

  async #checkPayload(header: RecordHeader, payload: Buffer): Promise<void> {
    const { kind, codec, place, rawSize } = header
    if (kind === 'recipe') {
      const recipe = decodeRecipe(payload)
      if (typeof recipe === 'string') this.#damage(place.offset, recipe)
      return
    }
    try {
      await codecOf[codec].decompress(payload, rawSize)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      this.#damage(place.offset, `the chunk cannot be decompressed: ${why}`)
    }
  }

  /** Nothing before it knew a torn hole to be durable, and the index has nothing there. */
  #judgeHoles(): void {
    const { storedSize, kind } = this.#info
    const isLost = storedSize !== null && kind === 'data' && this.#storedSize !== storedSize
    if (isLost && this.#holes.length === 0) {
      this.#damage(0, `holds ${this.#storedSize} bytes of records, its footer says ${storedSize}`)
    }
    for (const hole of this.#holes) {
      // The journal has its own reader, which knows which of its bytes count.
      if (kind === 'journal' && hole.step === 'torn') continue
      const field = hole.step === 'damage' ? hole.field : 'no record'
      const damage = { offset: hole.start, field: `${field} (up to ${hole.end})` }
      // A snapshot has its name once all of it is durable.
      const wasWhole = kind === 'snapshot' || hole.start < this.#durableEnd
      if (wasWhole || isLost) this.#damages.push(damage)
      else this.#torn.push(damage)
    }
  }

  #damage(offset: number, field: string): void {
    this.#damages.push({ offset, field })
  }
}
