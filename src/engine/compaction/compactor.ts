/**
 * Copies what lives in some sealed segments into a new one. It decides nothing: which segments, and
 * which blobs are dead, is the caller's word, and so is what happens to the old files.
 *
 * Invariants: every record is either proven dead by the caller or copied, payload CRC verified: as
 * it was, or, when another codec is asked for, so that it decompresses to the same bytes; a segment
 * in which anything has decayed is not compacted at all, unless a repair has let go of what is lost
 * in it; the new segment is sealed, and was read back, when this resolves. Holes that a power loss
 * tore into writes of which nobody was told are known by two signs: the index has nothing there,
 * and nothing before them was known durable behind their start.
 */
import { createHash, type Hash } from 'node:crypto'
import { SegmentError } from '../../segment/errors.ts'
import type { Segments, SegmentWriter } from '../../segment/segments.ts'
import {
  COMPACTION_LANE,
  type Place,
  type RecordHeader,
  recordSpan,
  type Tier,
} from '../../segment/types.ts'
import { type Codec, CodecError } from '../compression/codec.ts'
import type { Pace } from './pace.ts'
import { type Recompressed, recompress } from './recompress.ts'

export interface CompactionOrder {
  /** Sealed. */
  readonly sources: readonly number[]
  /** Whether nothing names this blob, for ever; and what it has in this source is to be left out. */
  readonly isDead: (blob: Place, source: number) => boolean
  /** Of the new segment; hot unless set. */
  readonly tier?: Tier
  /** For a repair: copies what verifies of sources in which something has decayed. */
  readonly acceptsLoss?: boolean
  /** With which chunks are compressed anew, if that makes them smaller; without it they are not. */
  readonly codec?: Codec
  readonly pace: Pace
  /** Ends the work early: it rejects with the signal's reason and leaves nothing behind. */
  readonly signal: AbortSignal
}

export interface Compacted {
  /** Holds all that lives of the sources; null when nothing does. */
  readonly output: number | null
  readonly readSize: number
  readonly writtenSize: number
  readonly recordCount: number
}

/** A source is not as it was written: it must not be replaced. */
export class DamagedSourceError extends Error {
  override readonly name = 'DamagedSourceError'
  readonly segment: number
  readonly offset: number
  readonly field: string

  constructor(place: Place, field: string, options?: ErrorOptions) {
    super(`segment ${place.segment} is damaged at ${place.offset}: ${field}`, options)
    this.segment = place.segment
    this.offset = place.offset
    this.field = field
  }
}

/** Bytes held in memory before they are written. */
const BUFFERED_SIZE_MAX = 1024 * 1024
/** So that no sync has much to do. */
const SYNC_EVERY_SIZE = 16 * 1024 * 1024

/** @throws DamagedSourceError, SegmentError, errors of the file system */
export async function compact(segments: Segments, order: CompactionOrder): Promise<Compacted> {
  const rewriting = new Rewriting(segments, order)
  try {
    return await rewriting.run()
  } catch (error) {
    await rewriting.giveUp()
    throw error
  }
}

class Rewriting {
  readonly #segments: Segments
  readonly #order: CompactionOrder
  readonly #copied = new RecordDigest()
  #writer: SegmentWriter | null = null
  #readSize = 0
  #unsyncedSize = 0

  constructor(segments: Segments, order: CompactionOrder) {
    this.#segments = segments
    this.#order = order
  }

  async run(): Promise<Compacted> {
    for (const source of this.#order.sources) await this.#copyLiving(source)
    const { recordCount } = this.#copied
    const readSize = this.#readSize
    if (this.#writer === null) return { output: null, readSize, writtenSize: 0, recordCount }
    const writtenSize = this.#writer.size
    await this.#writer.seal()
    await this.#proveOutput(this.#writer.id)
    return { output: this.#writer.id, readSize, writtenSize, recordCount }
  }

  /** Removes the unfinished segment; what cannot be removed is removed at the next start. */
  async giveUp(): Promise<void> {
    if (this.#writer !== null) await this.#segments.removeSegment(this.#writer.id).catch(() => {})
  }

  async #copyLiving(source: number): Promise<void> {
    const { isDead, pace, signal } = this.#order
    const walk = new SourceWalk(source)
    for await (const step of this.#segments.scan(source)) {
      if (step.step !== 'record') {
        walk.holes.push({ start: step.start, field: step.step === 'damage' ? step.field : 'end' })
        continue
      }
      const { header } = step
      walk.durableEnd = Math.max(walk.durableEnd, header.durableEnd)
      // Commits are not copied: whoever hands in a journal segment needs them no more.
      const isBlob = header.kind === 'chunk' || header.kind === 'recipe'
      if (isBlob && !isDead(header.blob, source)) await this.#copy(header, walk)
      else await pace.spend(recordSpan(0), signal)
      if (isBlob) walk.foundSize += recordSpan(header.storedSize)
    }
    const infos = [...this.#segments.list('data'), ...this.#segments.list('journal')]
    const info = infos.find(({ id }) => id === source)
    if (this.#order.acceptsLoss === true) return
    const indexedSize = info?.storedSize ?? 0
    if (walk.foundSize !== indexedSize) await this.#findTornDead(source, walk)
    walk.requireSound(indexedSize)
  }

  /** Of what is dead only headers were looked at, and a write may be torn behind a whole one. */
  async #findTornDead(source: number, walk: SourceWalk): Promise<void> {
    const { isDead, pace, signal } = this.#order
    for await (const step of this.#segments.scan(source)) {
      await pace.spend(recordSpan(0), signal)
      if (step.step !== 'record') continue
      const { kind, blob } = step.header
      if ((kind !== 'chunk' && kind !== 'recipe') || !isDead(blob, source)) continue
      if (!(await this.#isIndexed(step.header))) walk.addHole(step.header, 'payload')
    }
  }

  async #copy(header: RecordHeader, walk: SourceWalk): Promise<void> {
    const { kind, blob, number, rawSize, storedSize } = header
    if (!(await this.#isIndexed(header))) {
      walk.addHole(header, 'payload')
      return
    }
    const found = await this.#read(header, walk)
    if (found === null) return
    const { codec, payload, payloadCrc } = await this.#compressed(header, found)
    const { tier = 'hot' } = this.#order
    this.#writer ??= this.#segments.createWriter({ kind: 'data', tier, lane: COMPACTION_LANE })
    const writer = this.#writer
    writer.append({ kind, codec, blob, number, rawSize, payload })
    this.#copied.add({ ...header, codec, storedSize: payload.length, payloadCrc })
    const span = recordSpan(storedSize)
    this.#readSize += span
    this.#unsyncedSize += span
    if (this.#unsyncedSize >= SYNC_EVERY_SIZE) {
      await writer.sync()
      this.#unsyncedSize = 0
    } else if (writer.bufferedSize >= BUFFERED_SIZE_MAX) await writer.write()
    await this.#order.pace.spend(span, this.#order.signal)
  }

  /** What was torn is not in the index. What has decayed may be the index itself. */
  async #isIndexed({ place, blob, number }: RecordHeader): Promise<boolean> {
    if (this.#order.acceptsLoss === true) return true
    const indexed = await this.#segments.find(place.segment, { blob, number })
    return indexed.place?.offset === place.offset
  }

  async #compressed(header: RecordHeader, payload: Buffer): Promise<Recompressed> {
    const { codec } = this.#order
    if (codec === undefined || header.kind !== 'chunk') return { ...header, payload }
    try {
      return (await recompress(header, payload, codec)) ?? { ...header, payload }
    } catch (cause) {
      if (!(cause instanceof CodecError)) throw cause
      throw new DamagedSourceError(header.place, cause.message, { cause })
    }
  }

  /** Null when the payload does not verify. */
  async #read(header: RecordHeader, walk: SourceWalk): Promise<Buffer | null> {
    try {
      return (await this.#segments.read(header.place, header.storedSize)).payload
    } catch (error) {
      if (!(error instanceof SegmentError) || error.kind !== 'corruption') throw error
      walk.addHole(header, error.detail.field ?? 'record')
      return null
    }
  }

  /** The old files go because of what this finds: it holds just what was read from them. */
  async #proveOutput(output: number): Promise<void> {
    const { pace, signal } = this.#order
    const found = new RecordDigest()
    for await (const step of this.#segments.scan(output, { payloads: true })) {
      if (step.step !== 'record') break
      found.add(step.header)
      await pace.spend(recordSpan(step.header.storedSize), signal)
    }
    if (found.recordCount === this.#copied.recordCount && found.equals(this.#copied)) return
    throw new SegmentError('corruption', { file: `segment ${output}`, field: 'copied records' })
  }
}

/** What was met in one source. */
class SourceWalk {
  readonly #segment: number
  readonly holes: { readonly start: number; readonly field: string }[] = []
  durableEnd = 0
  /** Of chunks and recipes that verify. */
  foundSize = 0

  constructor(segment: number) {
    this.#segment = segment
  }

  /** A record that is counted as found, and is not whole. */
  addHole({ place, storedSize }: RecordHeader, field: string): void {
    this.holes.push({ start: place.offset, field })
    this.foundSize -= recordSpan(storedSize)
  }

  /** @throws DamagedSourceError when something is gone that was there when it was sealed */
  requireSound(indexedSize: number): void {
    const decayed = this.holes.find(({ start }) => start < this.durableEnd) ?? this.holes[0]
    const isLost = this.foundSize !== indexedSize
    if (!isLost && (decayed === undefined || decayed.start >= this.durableEnd)) return
    const { start, field } = decayed ?? { start: 0, field: 'records are missing' }
    throw new DamagedSourceError({ segment: this.#segment, offset: start }, field)
  }
}

/** Tells whether two walks met the same records, wherever they lie. */
class RecordDigest {
  readonly #hash: Hash = createHash('sha256')
  readonly #words = new Uint32Array(8)
  #digest: Buffer | null = null
  recordCount = 0

  add({ kind, codec, blob, number, rawSize, storedSize, payloadCrc }: RecordHeader): void {
    this.#words.set([blob.segment, blob.offset, number, rawSize, storedSize, payloadCrc])
    this.#words[6] = kind === 'recipe' ? 1 : 0
    this.#words[7] = codec === 'none' ? 0 : codec === 'lz4' ? 1 : 2
    this.#hash.update(this.#words)
    this.recordCount += 1
  }

  equals(other: RecordDigest): boolean {
    return this.#value().equals(other.#value())
  }

  #value(): Buffer {
    this.#digest ??= this.#hash.digest()
    return this.#digest
  }
}
