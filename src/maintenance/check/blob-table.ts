import type { BlobRef } from '../../engine/blob-store.ts'
import type { Place, RecordHeader } from '../../segment/types.ts'
import { recordSpan } from '../../segment/types.ts'

/** What rows say of a blob, and what was found of it. */
export interface BlobEntry {
  readonly blob: Place
  /** Null for a blob that is garbage, or that no row speaks of. */
  ref: BlobRef | null
  /** What names it, in words. */
  owner: string
  /** Bytes that rows speak of, by the segment that holds them now. */
  readonly expected: Map<number, number>
  /** Bytes of its records, by the segment they lie in. */
  readonly found: Map<number, number>
  chunkCount: number
  rawSize: number
  /** Without it the chunks of a blob that has several cannot be found. */
  hasRecipe: boolean
}

/** Every blob that a row or a record speaks of. Two numbers name one: no text is made of them. */
export class BlobTable {
  readonly #bySegment = new Map<number, Map<number, BlobEntry>>()

  get(blob: Place): BlobEntry | undefined {
    return this.#bySegment.get(blob.segment)?.get(blob.offset)
  }

  entry(blob: Place): BlobEntry {
    let offsets = this.#bySegment.get(blob.segment)
    if (offsets === undefined) {
      offsets = new Map()
      this.#bySegment.set(blob.segment, offsets)
    }
    let entry = offsets.get(blob.offset)
    if (entry === undefined) {
      entry = {
        blob: { segment: blob.segment, offset: blob.offset },
        ref: null,
        owner: '',
        expected: new Map(),
        found: new Map(),
        chunkCount: 0,
        rawSize: 0,
        hasRecipe: false,
      }
      offsets.set(blob.offset, entry)
    }
    return entry
  }

  *all(): Generator<BlobEntry> {
    for (const offsets of this.#bySegment.values()) yield* offsets.values()
  }

  /** Takes note of a chunk or recipe that verifies. */
  addRecord({ kind, blob, rawSize, storedSize, place }: RecordHeader): void {
    const entry = this.entry(blob)
    const known = entry.found.get(place.segment) ?? 0
    entry.found.set(place.segment, known + recordSpan(storedSize))
    if (kind === 'recipe') entry.hasRecipe = true
    if (kind !== 'chunk') return
    entry.chunkCount += 1
    entry.rawSize += rawSize
  }
}
