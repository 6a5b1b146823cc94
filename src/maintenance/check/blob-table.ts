import type { BlobRef } from '../../engine/blob-store.ts'
import type { Place, RecordHeader } from '../../segment/types.ts'
import { recordSpan } from '../../segment/types.ts'

/** What rows say of a blob, and what was found of it. There is one for each: it is kept small. */
export interface BlobEntry {
  readonly blob: Place
  /** Null for a blob that is garbage, or that no row speaks of. */
  named: Pick<BlobRef, 'size' | 'chunkCount'> | null
  /** What names it, in words. */
  owner: string
  /** The first blob of a body, which objects may share. */
  isBody: boolean
  /** Bytes that rows speak of, by the segment that holds them now. */
  readonly expected: SizeBySegment
  /** Bytes of its records, by the segment they lie in. */
  readonly found: SizeBySegment
  chunkCount: number
  rawSize: number
  /** Without it the chunks of a blob that has several cannot be found. */
  hasRecipe: boolean
}

/** Nearly every blob lies in one segment: only those that lie in several have a map. */
export class SizeBySegment {
  #segment = -1
  #size = 0
  #others: Map<number, number> | null = null

  get isEmpty(): boolean {
    return this.#segment === -1
  }

  add(segment: number, size: number): void {
    if (this.isEmpty) this.#segment = segment
    if (segment === this.#segment) this.#size += size
    else {
      this.#others ??= new Map()
      this.#others.set(segment, (this.#others.get(segment) ?? 0) + size)
    }
  }

  /** 0 when nothing was added. */
  get(segment: number): number {
    return segment === this.#segment ? this.#size : (this.#others?.get(segment) ?? 0)
  }

  /** Segment and size of each. */
  *[Symbol.iterator](): Generator<readonly [number, number]> {
    if (!this.isEmpty) yield [this.#segment, this.#size]
    if (this.#others !== null) yield* this.#others
  }
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
        named: null,
        owner: '',
        isBody: false,
        expected: new SizeBySegment(),
        found: new SizeBySegment(),
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
    entry.found.add(place.segment, recordSpan(storedSize))
    if (kind === 'recipe') entry.hasRecipe = true
    if (kind !== 'chunk') return
    entry.chunkCount += 1
    entry.rawSize += rawSize
  }
}
