/** Finds records in sealed segments through their index pages, at one disk read or none. */
import { LRUCache } from 'lru-cache'
import { SegmentError } from './errors.ts'
import type { IndexBuilder } from './index-builder.ts'
import { isIndexPage, searchIndexPage } from './index-page.ts'
import type { LiveSegment } from './live-segment.ts'
import { SegmentIndex } from './segment-index.ts'
import type { Place, RecordKey, StoredRecord } from './types.ts'

export interface IndexLookupParts {
  /** Pages kept in memory. */
  readonly pageCountMax: number
  readonly read: (segment: LiveSegment, offset: number, guess: number) => Promise<StoredRecord>
  /** Walks a whole segment, for one whose index pages are damaged. */
  readonly rebuild: (segment: LiveSegment) => Promise<IndexBuilder>
}

export interface LookupAnswer {
  readonly place: Place | null
  /** Disk reads it took, a rebuild not counted. */
  readonly reads: number
}

/** A full page: read whole at the first attempt. */
const PAGE_SIZE_MAX = 64 * 1024

export class IndexLookup {
  readonly #parts: IndexLookupParts
  readonly #pages: LRUCache<string, Buffer>

  constructor(parts: IndexLookupParts) {
    this.#parts = parts
    this.#pages = new LRUCache({ max: parts.pageCountMax })
  }

  async find(segment: LiveSegment, key: RecordKey): Promise<LookupAnswer> {
    const ref = segment.index?.pageOf(key) ?? null
    if (ref === null) return { place: null, reads: 0 }
    const pageKey = `${segment.id}:${ref.number}`
    const cached = segment.index?.rebuiltPages?.[ref.number] ?? this.#pages.get(pageKey)
    if (cached !== undefined) return { place: placeIn(cached, segment, key), reads: 0 }
    const page = await this.#readPage(segment, ref.offset)
    if (page === null) {
      segment.index = SegmentIndex.rebuilt(await this.#parts.rebuild(segment))
      return this.find(segment, key)
    }
    this.#pages.set(pageKey, page)
    return { place: placeIn(page, segment, key), reads: 1 }
  }

  /** Null when the page is damaged. */
  async #readPage(segment: LiveSegment, offset: number): Promise<Buffer | null> {
    try {
      const { header, payload } = await this.#parts.read(segment, offset, PAGE_SIZE_MAX)
      return header.kind === 'indexPage' && isIndexPage(payload) ? payload : null
    } catch (error) {
      if (error instanceof SegmentError && error.kind === 'corruption') return null
      throw error
    }
  }
}

function placeIn(page: Buffer, segment: LiveSegment, key: RecordKey): Place | null {
  const offset = searchIndexPage(page, key)
  return offset === null ? null : { segment: segment.id, offset }
}
