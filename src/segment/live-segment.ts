import type { FoundSegment } from './segment-file.ts'
import { emptyChainHeader } from './segment-header.ts'
import { SegmentIndex } from './segment-index.ts'
import type { FileSegmentWriter, WriterEnd } from './segment-writer.ts'
import type { ChainHeader, JournalEnd, SegmentInfo, SegmentState } from './segments.ts'
import type { SegmentKind, Tier } from './types.ts'

interface LiveSegmentParts {
  readonly id: number
  readonly kind: SegmentKind
  readonly tier: Tier
  readonly path: string
  readonly nonce: number | null
}

/** What is known of one segment file of this store, as it changes. No I/O. */
export class LiveSegment {
  readonly id: number
  readonly kind: SegmentKind
  readonly tier: Tier
  readonly nonce: number | null
  path: string
  header: ChainHeader = emptyChainHeader
  createdAt = 0
  lane = 0
  /** Off this machine. */
  isAway = false
  index: SegmentIndex | null = null
  #state: SegmentState = 'active'
  #writer: FileSegmentWriter | null = null
  #dataSize = 0
  #storedSize: number | null = null
  #end: JournalEnd | null = null

  constructor(parts: LiveSegmentParts) {
    this.id = parts.id
    this.kind = parts.kind
    this.tier = parts.tier
    this.path = parts.path
    this.nonce = parts.nonce
  }

  /** In the tier whose folder it was found in, whatever its header says. */
  static found(path: string, tier: Tier, found: FoundSegment): LiveSegment {
    const { header, footer, nonce } = found
    const { id, kind } = header
    const segment = new LiveSegment({ id, kind, tier, path, nonce })
    segment.header = header
    segment.createdAt = header.createdAt
    segment.lane = header.lane
    segment.#dataSize = found.fileSize
    segment.#state = 'unsealed'
    if (footer !== null) segment.endWriting({ outcome: 'sealed', footer })
    if (found.damaged) segment.#state = 'damaged'
    return segment
  }

  get state(): SegmentState {
    return this.#state
  }

  /** Still there after it was abandoned: it knows what became durable. */
  get writer(): FileSegmentWriter | null {
    return this.#writer
  }

  get dataSize(): number {
    return this.#writer?.durableSize ?? this.#dataSize
  }

  /** Whether all bytes up to `dataSize` are known to have been written whole. */
  get isComplete(): boolean {
    return this.#writer !== null || this.index !== null
  }

  /** A snapshot counts once it is published. */
  get isListed(): boolean {
    return this.kind !== 'snapshot' || this.#writer === null
  }

  startWriting(writer: FileSegmentWriter): void {
    this.#writer = writer
  }

  endWriting(end: WriterEnd): void {
    this.#state = 'unsealed'
    if (end.outcome === 'abandoned') return
    this.#dataSize = this.#writer?.durableSize ?? this.#dataSize
    this.#writer = null
    if (end.outcome !== 'sealed') return
    const { footer } = end
    this.#state = 'sealed'
    this.#dataSize = footer.dataEnd
    this.#storedSize = footer.storedSize
    this.index = SegmentIndex.ofFooter(footer)
    const isJournal = this.kind === 'journal' && footer.sequence > 0
    this.#end = isJournal ? { sequence: footer.sequence, chain: footer.chain } : null
  }

  info(): SegmentInfo {
    return {
      id: this.id,
      kind: this.kind,
      tier: this.tier,
      state: this.#state,
      isAway: this.isAway,
      lane: this.lane,
      dataSize: this.dataSize,
      storedSize: this.#storedSize,
      header: {
        previousSegment: this.header.previousSegment,
        previousEnd: this.header.previousEnd,
        firstSequence: this.header.firstSequence,
        chain: this.header.chain,
      },
      createdAt: this.createdAt,
      end: this.#end,
    }
  }
}
