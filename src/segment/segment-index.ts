/** Finds records in a sealed segment: fence and Bloom bits in memory, pages where they are. */
import { BloomFilter } from './bloom-filter.ts'
import type { Footer } from './footer.ts'
import { fenceEntry, type IndexBuilder } from './index-builder.ts'
import { INDEX_ENTRY_SIZE, lastNotAfter } from './index-page.ts'
import type { RecordKey } from './types.ts'

/** Which page to search, and where its record lies. */
export interface PageRef {
  readonly number: number
  readonly offset: number
}

export class SegmentIndex {
  readonly #fence: Buffer
  readonly #bloom: BloomFilter
  /** Pages rebuilt by a scan because the stored ones are damaged. */
  readonly rebuiltPages: readonly Buffer[] | null

  private constructor(fence: Buffer, bloom: BloomFilter, rebuiltPages: readonly Buffer[] | null) {
    this.#fence = fence
    this.#bloom = bloom
    this.rebuiltPages = rebuiltPages
  }

  static ofFooter(footer: Footer): SegmentIndex {
    const bloom = new BloomFilter(footer.bloomBits, footer.bloomHashCount)
    return new SegmentIndex(footer.fence, bloom, null)
  }

  /** An index that needs no disk. */
  static rebuilt(builder: IndexBuilder): SegmentIndex {
    const pages = builder.pages()
    const fence = pages.map((page) => fenceEntry(page, { segment: 0, offset: 0 }))
    return new SegmentIndex(Buffer.concat(fence), builder.bloom(), pages)
  }

  /** False is certain. */
  mayHold(key: RecordKey): boolean {
    return this.#bloom.mayHold(key)
  }

  /** The only page that can have the key; null when none can. */
  pageOf(key: RecordKey): PageRef | null {
    const number = lastNotAfter(this.#fence, key)
    if (number < 0) return null
    return { number, offset: this.#fence.readUInt32LE(number * INDEX_ENTRY_SIZE + 12) }
  }
}
