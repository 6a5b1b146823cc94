import type {
  AppendOptions,
  BlobExtent,
  BlobRef,
  BlobStore,
  ByteRange,
  SmallBlob,
} from '../../src/engine/blob-store.ts'
import { EngineError } from '../../src/engine/errors.ts'
import { type Place, recordSpan, type Tier } from '../../src/segment/types.ts'
import type { AttachmentSink } from './memory-catalog.ts'

/** Blobs in memory, in chunks, spread over small segments as the real engine would. */
export class MemoryBlobStore implements BlobStore, AttachmentSink {
  readonly tiers: readonly Tier[]
  readonly #chunkSize: number
  readonly #segmentSize: number
  readonly #blobs = new Map<string, Buffer>()
  #segment = 1
  #offset = 128
  #full = false
  /** Awaited once, when the next read begins. */
  beforeRead: (() => Promise<unknown>) | null = null
  /** Labels of appended blobs by blob. */
  readonly labels = new Map<string, Buffer>()

  constructor({
    chunkSize = 64 * 1024,
    segmentSize = 1024 * 1024,
    tiers = ['hot'] as readonly Tier[],
  } = {}) {
    this.tiers = tiers
    this.#chunkSize = chunkSize
    this.#segmentSize = segmentSize
  }

  /** Every append fails with `disk-full` while this is set. */
  set full(full: boolean) {
    this.#full = full
  }

  /** Spoils every blob, as damage to the disk would. */
  damageAll(): void {
    for (const blob of this.#blobs.keys()) this.#blobs.set(blob, Buffer.alloc(0))
  }

  /** Every blob that is stored, by "segment/offset". */
  get blobs(): ReadonlySet<string> {
    return new Set(this.#blobs.keys())
  }

  /** Nothing moves here. */
  tierOf(): Tier {
    return 'hot'
  }

  place(payload: Uint8Array, _rawSize: number): Place {
    const place = this.#take(recordSpan(payload.length))
    this.#blobs.set(name(place), Buffer.from(payload))
    return place
  }

  async append(bytes: AsyncIterable<Uint8Array>, options: AppendOptions): Promise<BlobRef> {
    const pieces: Uint8Array[] = []
    for await (const piece of bytes) {
      options.signal.throwIfAborted()
      if (this.#full) throw new EngineError('disk-full', 'no room')
      pieces.push(Buffer.from(piece))
    }
    if (options.label.length > 4096) throw new Error('label is too large')
    const whole = Buffer.concat(pieces)
    if (whole.length === 0) throw new Error('a blob has bytes')
    const places: Place[] = []
    const extents = new Map<number, number>()
    const lay = (size: number) => {
      const place = this.#take(recordSpan(size))
      extents.set(place.segment, (extents.get(place.segment) ?? 0) + recordSpan(size))
      places.push(place)
      return place
    }
    for (let start = 0; start < whole.length; start += this.#chunkSize) {
      lay(Math.min(this.#chunkSize, whole.length - start))
    }
    const chunkCount = places.length
    const place = lay(24 + options.label.length + 12 * chunkCount)
    const blob = places[0]!
    this.#blobs.set(name(blob), whole)
    this.labels.set(name(blob), Buffer.from(options.label))
    return {
      blob,
      place: chunkCount === 1 ? blob : place,
      size: whole.length,
      chunkCount,
      extents: [...extents].map(([segment, storedSize]) => ({ segment, storedSize })),
    }
  }

  small(bytes: Uint8Array): SmallBlob {
    return {
      size: bytes.length,
      record: {
        kind: 'chunk',
        codec: 'none',
        blob: 'self',
        number: 0,
        rawSize: bytes.length,
        payload: bytes,
      },
    }
  }

  smallRef(small: SmallBlob, place: Place): BlobRef {
    const storedSize = recordSpan(small.record.payload.length)
    const extents: BlobExtent[] = [{ segment: place.segment, storedSize }]
    return { blob: place, place, size: small.size, chunkCount: 1, extents }
  }

  async *read(ref: BlobRef, range: ByteRange, signal: AbortSignal): AsyncIterable<Uint8Array> {
    const { beforeRead } = this
    this.beforeRead = null
    await beforeRead?.()
    for (let start = range.start; start < range.end; start += this.#chunkSize) {
      signal.throwIfAborted()
      await Promise.resolve()
      yield this.#bytes(ref).subarray(start, Math.min(range.end, start + this.#chunkSize))
    }
  }

  async readSmall(ref: BlobRef, range: ByteRange): Promise<Buffer> {
    return this.#bytes(ref).subarray(range.start, range.end)
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #bytes(ref: BlobRef): Buffer {
    const bytes = this.#blobs.get(name(ref.blob))
    if (bytes === undefined || bytes.length !== ref.size) {
      throw new EngineError('corruption', `blob ${name(ref.blob)}`)
    }
    return bytes
  }

  #take(span: number): Place {
    if (this.#offset + span > this.#segmentSize) {
      this.#segment += 1
      this.#offset = 128
    }
    const place = { segment: this.#segment, offset: this.#offset }
    this.#offset += span
    return place
  }
}

function name({ segment, offset }: Place): string {
  return `${segment}/${offset}`
}
