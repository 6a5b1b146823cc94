/**
 * The one writer of one segment file.
 *
 * Invariants: a record's place is final when `append` returns; bytes reach the file in order of
 * offset; the header and the name of the file are durable before its first record is written, so a
 * file too short for a record was never anything; after the first failure nothing is written,
 * synced or acknowledged any more.
 */
import assert from 'node:assert/strict'
import { crc32c } from '@node-rs/crc32'
import type { FileHandle, FileSystem } from '../platform/file-system.ts'
import { SegmentError } from './errors.ts'
import { encodeTrailer, type Footer } from './footer.ts'
import { IndexBuilder } from './index-builder.ts'
import { PieceBuffer } from './piece-buffer.ts'
import { SEGMENT_HEADER_SIZE } from './segment-header.ts'
import type { JournalEnd, SegmentWriter } from './segments.ts'
import {
  type Place,
  type RecordHeader,
  type RecordInput,
  recordSpan,
  type StoredRecord,
} from './types.ts'

/** Leaves room below 4 GiB for the largest footer such a segment can have. */
export const SEGMENT_SIZE_LIMIT = 3 * 1024 ** 3

export interface SegmentWriterParts {
  readonly fs: FileSystem
  /** Folder of the file; its name is synced there. */
  readonly folder: string
  /** Asked before the file is made; rejects when the folder is not the one it should be. */
  readonly requireFolder: () => Promise<void>
  readonly path: string
  readonly id: number
  readonly nonce: number
  /** Makes the 128 header bytes; asked at the first write. */
  readonly makeHeader: () => Buffer
  /** Told once, when the writer is done with: sealed, finished without a footer, or abandoned. */
  readonly onEnd: (end: WriterEnd) => void
}

export type WriterEnd =
  | { readonly outcome: 'sealed'; readonly footer: Footer }
  | { readonly outcome: 'finished' | 'abandoned' }

/** Continues a file found unsealed, to seal it: `size` bytes are valid, `index` knows them. */
export interface ResumePoint {
  readonly handle: FileHandle
  readonly size: number
  readonly index: IndexBuilder
}

export class FileSegmentWriter implements SegmentWriter {
  readonly id: number
  readonly #parts: SegmentWriterParts
  readonly #index: IndexBuilder
  readonly #buffer: PieceBuffer
  /** Appended records that are not in the file yet, by offset. */
  readonly #unwritten = new Map<number, StoredRecord>()
  #state: 'open' | 'sealing' | 'ended' = 'open'
  #abandonment: SegmentError | null = null
  #handle: FileHandle | null
  #size: number
  #written: number
  #durable: number
  #writing: Promise<void> | null = null
  #nextWrite: Promise<void> | null = null
  #syncing: Promise<void> | null = null
  #nextSync: Promise<void> | null = null
  /** What the sync under way will confirm; null while it still writes. */
  #syncingEnd: number | null = null

  constructor(parts: SegmentWriterParts, resume?: ResumePoint) {
    this.id = parts.id
    this.#parts = parts
    this.#index = resume?.index ?? new IndexBuilder()
    this.#buffer = new PieceBuffer(parts.nonce)
    this.#handle = resume?.handle ?? null
    this.#size = resume?.size ?? SEGMENT_HEADER_SIZE
    this.#written = this.#size
    this.#durable = resume?.size ?? 0
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  get failure(): SegmentError | null {
    return this.#abandonment
  }

  get size(): number {
    return this.#size
  }

  get bufferedSize(): number {
    return this.#size - this.#written
  }

  get durableSize(): number {
    return this.#durable
  }

  append(record: RecordInput): Place {
    if (this.#abandonment !== null) throw this.#abandonment
    assert(this.#state === 'open', 'append to a segment that is being sealed')
    assert(this.#size + recordSpan(record.payload.length) <= SEGMENT_SIZE_LIMIT, 'segment is full')
    return this.#append(record)
  }

  write(): Promise<void> {
    if (this.#abandonment !== null) return Promise.reject(this.#abandonment)
    if (this.#buffer.isEmpty) return this.#writing ?? Promise.resolve()
    // The next write, once planned, is joined even if the one before has just settled: two at once
    // would take the same place in the file.
    if (this.#nextWrite !== null) return this.#nextWrite
    if (this.#writing === null) return this.#startWrite()
    this.#nextWrite = afterwards(this.#writing, () => {
      this.#nextWrite = null
      return this.#startWrite()
    })
    return this.#nextWrite
  }

  sync(): Promise<void> {
    if (this.#durable >= this.#size || this.#isUntouched) return Promise.resolve()
    if (this.#abandonment !== null) return Promise.reject(this.#abandonment)
    if (this.#nextSync !== null) return this.#nextSync
    if (this.#syncing === null) return this.#startSync()
    if (this.#syncingEnd !== null && this.#syncingEnd >= this.#size) return this.#syncing
    this.#nextSync = afterwards(this.#syncing, () => {
      this.#nextSync = null
      return this.#startSync()
    })
    return this.#nextSync
  }

  async seal(journal?: JournalEnd): Promise<void> {
    if (this.#abandonment !== null) throw this.#abandonment
    assert(this.#state === 'open', 'a segment is sealed once')
    if (this.#isUntouched) return this.abandon()
    this.#state = 'sealing'
    // Pages and footer are durable before the trailer is written: a trailer that verifies vouches
    // for everything before it.
    const append = (record: RecordInput) => this.#append(record)
    const { footer, offset } = this.#index.writeFooter(append, this.#size, journal)
    await this.sync()
    this.#size += this.#buffer.pushRaw(encodeTrailer({ segment: this.id, footerOffset: offset }))
    await this.sync()
    this.#end({ outcome: 'sealed', footer })
  }

  abandon(): void {
    this.#fail(undefined)
  }

  /** Ends a segment that gets no footer. Everything must have been synced. */
  finish(): void {
    assert(this.#durable === this.#size, 'finish before sync')
    this.#end({ outcome: 'finished' })
  }

  /** A record that was appended and is not in the file yet. */
  unwritten(offset: number): StoredRecord | null {
    return this.#unwritten.get(offset) ?? null
  }

  /** Resolves when no write or sync is under way any more. Never rejects. */
  async idle(): Promise<void> {
    while (this.#syncing !== null || this.#writing !== null) {
      await Promise.allSettled([this.#syncing, this.#writing, this.#nextSync, this.#nextWrite])
    }
  }

  /** Nothing was ever appended: there is no file. */
  get #isUntouched(): boolean {
    return this.#size === SEGMENT_HEADER_SIZE && this.#handle === null
  }

  #append(record: RecordInput): Place {
    const place = { segment: this.id, offset: this.#size }
    const { payload } = record
    const header: RecordHeader = {
      kind: record.kind,
      codec: record.codec,
      place,
      blob: record.blob === 'self' ? place : record.blob,
      number: record.number,
      rawSize: record.rawSize,
      storedSize: payload.length,
      payloadCrc: crc32c(payload),
      durableEnd: this.#durable,
    }
    this.#size += this.#buffer.push(header, payload)
    this.#index.add(header)
    const view = Buffer.from(payload.buffer, payload.byteOffset, payload.length)
    this.#unwritten.set(place.offset, { header, payload: view })
    return place
  }

  #startWrite(): Promise<void> {
    const run = this.#writeBuffered().finally(() => {
      if (this.#writing === run) this.#writing = null
    })
    this.#writing = run
    return run
  }

  async #writeBuffered(): Promise<void> {
    if (this.#abandonment !== null) throw this.#abandonment
    try {
      this.#handle ??= await this.#create()
      if (this.#abandonment !== null) throw this.#abandonment
      const end = this.#size
      await this.#handle.write(this.#buffer.take(), this.#written)
      this.#written = end
    } catch (error) {
      throw this.#fail(error)
    }
    this.#forgetWritten()
  }

  async #create(): Promise<FileHandle> {
    const { fs, path, folder } = this.#parts
    await this.#parts.requireFolder()
    const handle = await fs.open(path, 'create')
    try {
      await handle.write([this.#parts.makeHeader()], 0)
      await handle.sync()
      await fs.syncDirectory(folder)
    } catch (error) {
      // Nothing was ever in it; what cannot be removed now is removed at the next start.
      await handle.close().catch(() => {})
      await fs.remove(path).catch(() => {})
      throw error
    }
    this.#durable = SEGMENT_HEADER_SIZE
    return handle
  }

  /** Records enter the map in order of offset, so those just written are its first ones. */
  #forgetWritten(): void {
    for (const offset of this.#unwritten.keys()) {
      if (offset >= this.#written) return
      this.#unwritten.delete(offset)
    }
  }

  #startSync(): Promise<void> {
    const run = this.#syncWritten().finally(() => {
      if (this.#syncing !== run) return
      this.#syncing = null
      this.#syncingEnd = null
    })
    this.#syncing = run
    return run
  }

  async #syncWritten(): Promise<void> {
    await this.write()
    const end = this.#written
    this.#syncingEnd = end
    try {
      await this.#handle?.sync()
    } catch (error) {
      throw this.#fail(error)
    }
    // A write that failed meanwhile does not undo what this sync has confirmed.
    this.#durable = Math.max(this.#durable, end)
  }

  #fail(cause: unknown): SegmentError {
    if (this.#abandonment !== null) return this.#abandonment
    const detail = { file: this.#parts.path }
    const abandonment = new SegmentError('abandoned', detail, { cause })
    if (this.#state === 'ended') return abandonment
    this.#abandonment = abandonment
    this.#unwritten.clear()
    this.#buffer.take()
    this.#end({ outcome: 'abandoned' })
    return abandonment
  }

  #end(end: WriterEnd): void {
    this.#state = 'ended'
    void this.#closeWhenIdle()
    this.#parts.onEnd(end)
  }

  async #closeWhenIdle(): Promise<void> {
    await this.idle()
    // The outcome of a close after the last sync says nothing about the bytes.
    await this.#handle?.close().catch(() => {})
  }
}

/** Runs `next` once `previous` has settled, whatever its outcome. */
function afterwards(previous: Promise<void>, next: () => Promise<void>): Promise<void> {
  return previous.then(next, next)
}
