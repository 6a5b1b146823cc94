/**
 * One blob on its way to a data lane: chunks are compressed ahead, laid down in order, and written
 * while the next ones arrive.
 *
 * Bounded: `COMPRESS_AHEAD` chunks in compression and `WRITE_AHEAD` in writing.
 */
import assert from 'node:assert/strict'
import type { SegmentWriter } from '../segment/segments.ts'
import { type Place, RECIPE_NUMBER, type RecordInput, recordSpan } from '../segment/types.ts'
import type { BlobExtent, BlobRef, BlobRemains } from './blob-store.ts'
import type { ChunkBuffers } from './chunker.ts'
import { type Compressed, compressChunk } from './compression/choose.ts'
import type { Codec } from './compression/codec.ts'
import { countChunk, type MutableCounters } from './events.ts'
import type { Lane } from './lanes.ts'
import { encodeRecipe, type RecipeChunk } from './recipe.ts'

export interface BlobWritingParts {
  readonly lane: Lane
  readonly codec: Codec
  readonly buffers: ChunkBuffers
  readonly counters: MutableCounters
}

const COMPRESS_AHEAD = 1
const WRITE_AHEAD = 2
/** So that the sync a client waits for finds little left to do, and others' syncs too. */
const SYNC_EVERY_SIZE = 16 * 1024 * 1024

interface CompressedChunk extends Compressed {
  readonly raw: Buffer
}

export class BlobWriting {
  readonly #parts: BlobWritingParts
  readonly #chunks: RecipeChunk[] = []
  readonly #compressing: Promise<CompressedChunk>[] = []
  readonly #writes: Promise<void>[] = []
  /** End of this blob's last record in each segment it touched. */
  readonly #ends = new Map<SegmentWriter, number>()
  readonly #extents = new Map<number, number>()
  #size = 0
  #unsyncedSize = 0
  #blob: Place | null = null

  constructor(parts: BlobWritingParts) {
    this.#parts = parts
  }

  /** Takes over the memory of `raw`. Resolves when there is room for the next chunk. */
  async add(raw: Buffer): Promise<void> {
    this.#size += raw.length
    const compressing = this.#compress(raw)
    compressing.catch(() => {})
    this.#compressing.push(compressing)
    if (this.#compressing.length > COMPRESS_AHEAD) await this.#layDownOldest()
  }

  /** Ends the blob with its recipe and resolves when all of it is durable. */
  async finish(label: Uint8Array): Promise<BlobRef> {
    while (this.#compressing.length > 0) await this.#layDownOldest()
    assert(this.#blob !== null, 'a blob has at least one byte')
    const recipe = this.#layDownRecipe(this.#blob, label)
    await this.#settleWrites(0)
    for (const [writer, end] of this.#ends) {
      if (writer.durableSize < end) await this.#guard(writer, writer.sync())
    }
    this.#parts.counters.blobsAppended += 1
    const [first] = this.#chunks
    const isSingle = this.#chunks.length === 1 && first !== undefined
    return {
      blob: this.#blob,
      place: isSingle ? first.place : recipe,
      size: this.#size,
      chunkCount: this.#chunks.length,
      extents: Array.from(this.#extents, ([segment, storedSize]) => ({ segment, storedSize })),
    }
  }

  /** Waits until nothing of this blob is under way, whatever its outcome. */
  async giveUp(): Promise<void> {
    await Promise.allSettled([...this.#compressing, ...this.#writes])
  }

  /**
   * What lies on disk of a blob that was given up; null when nothing does. What may have been lost
   * with a segment that failed is left out.
   */
  async remains(): Promise<BlobRemains | null> {
    const extents: BlobExtent[] = []
    for (const [writer, end] of this.#ends) {
      if (writer.durableSize < end) await this.#guard(writer, writer.sync()).catch(() => {})
      if (writer.durableSize < end) continue
      extents.push({ segment: writer.id, storedSize: this.#extents.get(writer.id) ?? 0 })
    }
    return this.#blob === null || extents.length === 0 ? null : { blob: this.#blob, extents }
  }

  async #compress(raw: Buffer): Promise<CompressedChunk> {
    return { raw, ...(await compressChunk(raw, this.#parts.codec)) }
  }

  async #layDownOldest(): Promise<void> {
    const compressed = await this.#compressing.shift()
    if (compressed === undefined) return
    const { raw, codec, payload } = compressed
    const number = this.#chunks.length
    const blob = this.#blob ?? 'self'
    const record = { kind: 'chunk', codec, blob, number, rawSize: raw.length, payload } as const
    const { writer, place } = this.#append(record)
    this.#blob ??= place
    this.#chunks.push({ place, storedSize: payload.length })
    countChunk(this.#parts.counters, raw.length, payload.length)
    if (payload !== raw) this.#reuse(raw)
    this.#write(writer, compressed)
    await this.#settleWrites(WRITE_AHEAD)
  }

  #layDownRecipe(blob: Place, label: Uint8Array): Place {
    const { chunkSize } = this.#parts.buffers
    const payload = encodeRecipe({ size: this.#size, chunkSize, label }, this.#chunks)
    const rawSize = payload.length
    const number = RECIPE_NUMBER
    return this.#append({ kind: 'recipe', codec: 'none', blob, number, rawSize, payload }).place
  }

  #append(record: RecordInput): { readonly writer: SegmentWriter; readonly place: Place } {
    // A write or sync in the background has failed: the blob can never become durable.
    for (const [writer, end] of this.#ends) {
      if (writer.failure !== null && writer.durableSize < end) throw writer.failure
    }
    const writer = this.#parts.lane.writerFor(record.payload.length)
    const place = writer.append(record)
    const span = recordSpan(record.payload.length)
    this.#ends.set(writer, place.offset + span)
    this.#extents.set(place.segment, (this.#extents.get(place.segment) ?? 0) + span)
    this.#parts.counters.storedBytes += span
    return { writer, place }
  }

  /** Starts writing; memory that was not compressed away is used again once it is written. */
  #write(writer: SegmentWriter, { raw, payload }: CompressedChunk): void {
    const write = this.#guard(writer, writer.write()).then(() => {
      if (payload === raw) this.#reuse(raw)
    })
    write.catch(() => {})
    this.#writes.push(write)
    this.#unsyncedSize += payload.length
    if (this.#unsyncedSize < SYNC_EVERY_SIZE) return
    this.#unsyncedSize = 0
    this.#guard(writer, writer.sync()).catch(() => {})
  }

  async #settleWrites(countMax: number): Promise<void> {
    while (this.#writes.length > countMax) await this.#writes.shift()
  }

  async #guard(writer: SegmentWriter, outcome: Promise<void>): Promise<void> {
    try {
      await outcome
    } catch (error) {
      this.#parts.lane.failed(writer, error)
      throw error
    }
  }

  #reuse(raw: Buffer): void {
    const { buffers } = this.#parts
    // The whole buffer behind a shorter last chunk goes back.
    buffers.give(Buffer.from(raw.buffer, raw.byteOffset, buffers.chunkSize))
  }
}
