import assert from 'node:assert/strict'
import { endlessRoom, type Room } from '../platform/disk-room.ts'
import { SegmentError } from '../segment/errors.ts'
import type { Segments } from '../segment/segments.ts'
import { type CodecName, type Place, recordSpan, type Tier } from '../segment/types.ts'
import { BlobReading } from './blob-reading.ts'
import type { AppendOptions, BlobRef, BlobStore, ByteRange, SmallBlob } from './blob-store.ts'
import { BlobWriting } from './blob-writing.ts'
import { ChunkBuffers, Chunker } from './chunker.ts'
import { codecOf, codecOfTier, compressSmall } from './compression/choose.ts'
import type { Codec } from './compression/codec.ts'
import { EngineError } from './errors.ts'
import { countChunk, type EngineCounters, type EngineListener, zeroCounters } from './events.ts'
import { Lanes } from './lanes.ts'
import { Lineage, type LineageEntry } from './lookup/lineage.ts'
import { Lookup } from './lookup/lookup.ts'
import { LABEL_SIZE_MAX } from './recipe.ts'
import { sealLeftovers } from './recovery.ts'
import type { Heat } from './tiering/heat.ts'
import { toEngineError } from './to-engine-error.ts'

export interface BlobEngineParts {
  readonly segments: Segments
  readonly options?: Partial<BlobEngineOptions>
  /** Which segments replaced which, as far as is known at start. */
  readonly lineage?: Iterable<LineageEntry>
  /** Told of every record that is read; not given where nobody moves segments. */
  readonly heat?: Heat
  /** Called synchronously; must not throw. */
  readonly listener?: EngineListener
  readonly room?: Room
}

export interface BlobEngineOptions {
  /** Raw bytes per chunk: what a range read reads at least. 4 KiB to 16 MiB. */
  readonly chunkSizeMax: number
  /** A data segment is sealed before it grows beyond. At most 2 GiB. */
  readonly segmentSizeMax: number
  /** Data segments written at a time, in each tier that is written to. */
  readonly laneCount: number
  /** Of the hot tier. */
  readonly codec: CodecName
  /** Chunks read ahead of the consumer of one read. */
  readonly readAheadCount: number
  /** Chunks in memory for all reads together, beyond which nothing is read ahead. */
  readonly aheadCountMax: number
  /** Recipes kept in memory. */
  readonly recipeCountMax: number
  /** Bytes of small blobs kept in memory once they were read; 0: none. */
  readonly cacheSizeMax: number
  /** Idle chunk buffers kept for the next appends. */
  readonly idleBufferCountMax: number
}

const MIB = 1024 * 1024

const defaults: BlobEngineOptions = {
  chunkSizeMax: MIB,
  segmentSizeMax: 256 * MIB,
  laneCount: 2,
  codec: 'lz4',
  readAheadCount: 2,
  aheadCountMax: 64,
  recipeCountMax: 256,
  cacheSizeMax: 0,
  idleBufferCountMax: 16,
}

/** The blob engine over a set of segments: what `BlobStore` promises, put together. */
export class BlobEngine implements BlobStore {
  readonly tiers: readonly Tier[]
  readonly #segments: Segments
  readonly #options: BlobEngineOptions
  readonly #emit: EngineListener
  readonly #counters = zeroCounters()
  readonly #lineage: Lineage
  readonly #reading: BlobReading
  readonly #lanes: ReadonlyMap<Tier, Lanes>
  readonly #buffers: ChunkBuffers
  readonly #room: Room
  /** Appends under way, to stop them at close. */
  readonly #appends = new Map<Chunker, Promise<BlobRef>>()
  /** Chunks that reads under way have asked for, and their consumers have not taken. */
  #aheadCount = 0
  #closing: Promise<void> | null = null

  private constructor(parts: BlobEngineParts) {
    const options = { ...defaults, ...parts.options }
    assert(options.chunkSizeMax >= 1 && options.chunkSizeMax <= 16 * MIB, 'chunk size')
    assert(options.segmentSizeMax <= 2048 * MIB, 'segment size')
    assert(options.laneCount >= 1, 'lane count')
    const { segments } = parts
    this.#options = options
    this.#emit = parts.listener ?? (() => {})
    this.#lineage = new Lineage(parts.lineage)
    const counters = this.#counters
    const lineage = this.#lineage
    const lookup = new Lookup({ segments, lineage, counters, heat: parts.heat ?? null })
    this.#reading = new BlobReading(lookup, counters, options)
    const lanesOf = (tier: Tier) => new Lanes({ segments, tier, emit: this.#emit, ...options })
    this.#segments = segments
    this.tiers = segments.tiers
    this.#lanes = new Map(segments.tiers.map((tier) => [tier, lanesOf(tier)]))
    this.#room = parts.room ?? endlessRoom
    this.#buffers = new ChunkBuffers(options.chunkSizeMax, options.idleBufferCountMax)
  }

  /** Seals what an earlier process left unsealed. The segments stay the caller's to dispose of. */
  static async open(parts: BlobEngineParts): Promise<BlobEngine> {
    const engine = new BlobEngine(parts)
    await sealLeftovers(parts.segments, engine.#emit)
    return engine
  }

  /** A copy of the sums so far. */
  get counters(): EngineCounters {
    return { ...this.#counters }
  }

  /** Of the segment it begins in, or of its heir. */
  tierOf({ blob }: BlobRef): Tier {
    const here = this.#segments.tierOf(blob.segment)
    if (here !== null) return here
    const [heir] = this.#lineage.heirs(blob.segment, (id) => this.#segments.has(id))
    return (heir === undefined ? null : this.#segments.tierOf(heir)) ?? 'hot'
  }

  /** Whether blobs are being appended at this moment. */
  get isAppending(): boolean {
    return this.#appends.size > 0
  }

  /** Seals a segment before it is full, so that it can be compacted. */
  retire(segment: number): void {
    for (const lanes of this.#lanes.values()) lanes.retire(segment)
  }

  /** To be called before a replaced segment is removed. */
  addLineage(entries: Iterable<LineageEntry>): void {
    this.#lineage.add(entries)
  }

  async append(bytes: AsyncIterable<Uint8Array>, options: AppendOptions): Promise<BlobRef> {
    this.#requireOpen()
    assert(options.label.length <= LABEL_SIZE_MAX, 'label size')
    options.signal.throwIfAborted()
    const chunker = new Chunker(bytes, this.#buffers)
    const onAbort = () => chunker.abort(options.signal.reason)
    options.signal.addEventListener('abort', onAbort)
    const append = this.#appendChunks(chunker, options)
    this.#appends.set(chunker, append)
    try {
      return await append
    } finally {
      this.#appends.delete(chunker)
      options.signal.removeEventListener('abort', onAbort)
    }
  }

  small(bytes: Uint8Array): SmallBlob {
    this.#requireOpen()
    const size = bytes.length
    assert(size >= 1 && size <= this.#options.chunkSizeMax, 'size of a small blob')
    const raw = Buffer.from(bytes.buffer, bytes.byteOffset, size)
    const { codec, payload } = compressSmall(raw)
    countChunk(this.#counters, size, payload.length)
    this.#counters.storedBytes += recordSpan(payload.length)
    const record = {
      kind: 'chunk',
      codec,
      blob: 'self',
      number: 0,
      rawSize: size,
      payload,
    } as const
    return { record, size }
  }

  smallRef(small: SmallBlob, place: Place): BlobRef {
    const storedSize = recordSpan(small.record.payload.length)
    const extents = [{ segment: place.segment, storedSize }]
    return { blob: place, place, size: small.size, chunkCount: 1, extents }
  }

  async *read(ref: BlobRef, range: ByteRange, signal: AbortSignal): AsyncGenerator<Buffer> {
    this.#requireOpen()
    signal.throwIfAborted()
    if (ref.chunkCount === 1) {
      yield await this.readSmall(ref, range)
      return
    }
    requireRange(ref, range)
    try {
      yield* this.#readChunks(ref, range, signal)
    } catch (error) {
      throw this.#reported(error)
    }
  }

  async readSmall(ref: BlobRef, range: ByteRange): Promise<Buffer> {
    this.#requireOpen()
    requireRange(ref, range)
    try {
      if (ref.chunkCount === 1) {
        const chunk = this.#reading.cached(ref) ?? (await this.#reading.onlyChunk(ref))
        return chunk.subarray(range.start, range.end)
      }
      const recipe = await this.#reading.recipe(ref)
      const number = Math.floor(range.start / recipe.chunkSize)
      const chunkStart = number * recipe.chunkSize
      assert(range.end <= chunkStart + recipe.chunkSize, 'the range lies in two chunks')
      const chunk = await this.#reading.chunk(ref, recipe, number)
      return chunk.subarray(range.start - chunkStart, range.end - chunkStart)
    } catch (error) {
      throw this.#reported(error)
    }
  }

  /** Stops appends under way with `closed`, seals the lanes. Idempotent. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const reason = new EngineError('closed', 'the engine was closed')
    for (const chunker of this.#appends.keys()) chunker.abort(reason)
    await Promise.allSettled(this.#appends.values())
    await Promise.all([...this.#lanes.values()].map((lanes) => lanes.close()))
  }

  async #appendChunks(chunker: Chunker, options: AppendOptions): Promise<BlobRef> {
    const { label, tier = 'hot', onRemains } = options
    const lanes = this.#lanes.get(tier)
    assert(lanes !== undefined, `the ${tier} tier has no place`)
    const lane = lanes.take()
    const codec = this.#codecOf(tier)
    const buffers = this.#buffers
    const writing = new BlobWriting({ lane, codec, buffers, counters: this.#counters })
    try {
      for (;;) {
        const chunk = await chunker.next()
        if (chunk === null) break
        this.#admit(chunk.length)
        await writing.add(chunk).catch(rethrowMapped)
      }
      return await writing.finish(label).catch(rethrowMapped)
    } catch (error) {
      await writing.giveUp()
      const remains = onRemains === undefined ? null : await writing.remains()
      if (remains !== null) onRemains?.(remains)
      throw error
    } finally {
      chunker.release()
      lanes.giveBack(lane)
    }
  }

  #codecOf(tier: Tier): Codec {
    return tier === 'hot' ? codecOf[this.#options.codec] : codecOfTier[tier]
  }

  async *#readChunks(ref: BlobRef, range: ByteRange, signal: AbortSignal): AsyncGenerator<Buffer> {
    const recipe = await this.#reading.recipe(ref)
    const { chunkSize } = recipe
    const last = Math.floor((range.end - 1) / chunkSize)
    let number = Math.floor(range.start / chunkSize)
    let next = number
    const ahead: Promise<Buffer>[] = []
    try {
      for (; number <= last; number++) {
        for (; next <= Math.min(last, number + this.#readAheadCount); next++) {
          const chunk = this.#reading.chunk(ref, recipe, next)
          // Whoever stops reading early never asks for it.
          chunk.catch(() => {})
          ahead.push(chunk)
          this.#aheadCount += 1
        }
        const chunk = await ahead[0]
        ahead.shift()
        this.#aheadCount -= 1
        signal.throwIfAborted()
        const chunkStart = number * chunkSize
        const start = Math.max(0, range.start - chunkStart)
        if (chunk !== undefined) yield chunk.subarray(start, range.end - chunkStart)
      }
    } finally {
      this.#aheadCount -= ahead.length
    }
  }

  /** None while many read: clients that take nothing of it must not fill the memory. */
  get #readAheadCount(): number {
    const { readAheadCount, aheadCountMax } = this.#options
    return this.#aheadCount < aheadCountMax ? readAheadCount : 0
  }

  #reported(error: unknown): unknown {
    if (error instanceof SegmentError && error.kind === 'corruption') {
      const { offset = 0, field = '', file = '' } = error.detail
      this.#emit({ event: 'corruption-found', file, offset, field })
    }
    // A name without its bytes is damage, and no absence.
    if (error instanceof EngineError && error.kind === 'missing') {
      this.#emit({ event: 'blob-missing', reason: error.message })
    }
    return toEngineError(error)
  }

  /** Asked for every chunk: a long upload must not eat up what deletes live on. */
  #admit(size: number): void {
    if (this.#room.isShort) {
      throw new EngineError('disk-full', 'only the reserve of the disk is left')
    }
    this.#room.note(size)
  }

  #requireOpen(): void {
    if (this.#closing !== null) throw new EngineError('closed', 'the engine is closed')
  }
}

function rethrowMapped(error: unknown): never {
  throw toEngineError(error)
}

function requireRange(ref: BlobRef, { start, end }: ByteRange): void {
  assert(start >= 0 && start < end && end <= ref.size, 'range within the blob')
}
