/**
 * Gathers the keys of a segment while it is written or scanned, and turns them into the index pages
 * and Bloom bits of its footer.
 */
import { BloomFilter } from './bloom-filter.ts'
import { encodeFooter, type Footer } from './footer.ts'
import { INDEX_ENTRY_SIZE, INDEX_PAGE_ENTRIES_MAX } from './index-page.ts'
import type { JournalEnd } from './segments.ts'
import { type Place, type RecordHeader, type RecordInput, recordSpan } from './types.ts'

const WORDS_PER_ENTRY = 4

export class IndexBuilder {
  #words = new Uint32Array(WORDS_PER_ENTRY * 64)
  #count = 0
  #rawSize = 0
  #storedSize = 0

  get recordCount(): number {
    return this.#count
  }

  /** Takes note of a record; only chunks and recipes are indexed. */
  add(header: RecordHeader): void {
    if (header.kind !== 'chunk' && header.kind !== 'recipe') return
    const at = this.#count * WORDS_PER_ENTRY
    if (at === this.#words.length) this.#grow()
    this.#words[at] = header.blob.segment
    this.#words[at + 1] = header.blob.offset
    this.#words[at + 2] = header.number
    this.#words[at + 3] = header.place.offset
    this.#count += 1
    this.#storedSize += recordSpan(header.storedSize)
    if (header.kind === 'chunk') this.#rawSize += header.rawSize
  }

  /** The pages in order; at least one record has been added for each. */
  pages(): Buffer[] {
    const order = this.#sorted()
    const pages: Buffer[] = []
    for (let start = 0; start < order.length; start += INDEX_PAGE_ENTRIES_MAX) {
      pages.push(this.#page(order.slice(start, start + INDEX_PAGE_ENTRIES_MAX)))
    }
    return pages
  }

  bloom(): BloomFilter {
    const filter = BloomFilter.sized(this.#count)
    for (let at = 0; at < this.#count * WORDS_PER_ENTRY; at += WORDS_PER_ENTRY) {
      const [segment = 0, offset = 0, number = 0] = this.#words.subarray(at, at + 3)
      filter.add({ blob: { segment, offset }, number })
    }
    return filter
  }

  /**
   * Appends index pages and footer record through `append` and answers with the footer and the
   * offset of its record.
   */
  writeFooter(
    append: (record: RecordInput) => Place,
    dataEnd: number,
    journal?: JournalEnd,
  ): { readonly footer: Footer; readonly offset: number } {
    const fence: Buffer[] = []
    for (const [number, page] of this.pages().entries()) {
      fence.push(fenceEntry(page, append(plainRecord('indexPage', number, page))))
    }
    const bloom = this.bloom()
    const footer: Footer = {
      dataEnd,
      recordCount: this.#count,
      rawSize: this.#rawSize,
      storedSize: this.#storedSize,
      fence: Buffer.concat(fence),
      bloomBits: Buffer.from(bloom.bits.buffer),
      bloomHashCount: bloom.hashCount,
      sequence: journal?.sequence ?? 0,
      chain: Buffer.from(journal?.chain ?? new Uint8Array(32)),
    }
    const place = append(plainRecord('footer', 0, encodeFooter(footer)))
    return { footer, offset: place.offset }
  }

  #grow(): void {
    const words = new Uint32Array(this.#words.length * 2)
    words.set(this.#words)
    this.#words = words
  }

  /** Positions in `#words`, by key. Appends come nearly in key order, which sort() makes use of. */
  #sorted(): number[] {
    const words = this.#words
    const order = Array.from({ length: this.#count }, (_, index) => index * WORDS_PER_ENTRY)
    return order.sort((left, right) => {
      for (let word = 0; word < WORDS_PER_ENTRY; word++) {
        const difference = (words[left + word] ?? 0) - (words[right + word] ?? 0)
        if (difference !== 0) return difference
      }
      return 0
    })
  }

  #page(positions: readonly number[]): Buffer {
    const page = Buffer.allocUnsafe(positions.length * INDEX_ENTRY_SIZE)
    for (const [index, position] of positions.entries()) {
      for (let word = 0; word < WORDS_PER_ENTRY; word++) {
        const value = this.#words[position + word] ?? 0
        page.writeUInt32LE(value, index * INDEX_ENTRY_SIZE + word * 4)
      }
    }
    return page
  }
}

/** The first key of a page and the offset of the record that holds the page. */
export function fenceEntry(page: Buffer, place: Place): Buffer {
  const entry = Buffer.from(page.subarray(0, INDEX_ENTRY_SIZE))
  entry.writeUInt32LE(place.offset, 12)
  return entry
}

function plainRecord(kind: 'indexPage' | 'footer', number: number, payload: Buffer): RecordInput {
  const blob = { segment: 0, offset: 0 }
  return { kind, codec: 'none', blob, number, rawSize: payload.length, payload }
}
