/**
 * Keeps the copies of a segment file alike, where a mirror has more than one. Only here are the
 * checksums that tell which copy of some bytes is the right one.
 *
 * Invariant: bytes are written over only by a record that verifies, or once every record that
 * verifies in any copy is in the copy they are taken from. A file has one writer, so what verifies
 * at a place in one copy is what was written there in all.
 */
import { errnoOf, type FileHandle } from '../platform/file-system.ts'
import type { CopyView, Mirror } from '../platform/mirror/mirrored-file-system.ts'
import { EachStep } from './each-step.ts'
import { SegmentError } from './errors.ts'
import { encodeRecordHeader, RECORD_HEADER_SIZE, type RecordHome } from './record.ts'
import { readRecord } from './record-reader.ts'
import { type ExpectedSegment, type FoundSegment, inspectSegment } from './segment-file.ts'
import { SEGMENT_HEADER_SIZE } from './segment-header.ts'
import { scanRecords } from './segment-scan.ts'
import { type RecordHeader, recordSpan, type StoredRecord } from './types.ts'

const PIECE_SIZE = 1024 * 1024

/** To be awaited with every so many bytes that were read; holds the work to a rate. */
export type Spend = (size: number) => Promise<void>

const atOnce: Spend = async () => {}

/** One copy of one file; `file` is null where there is none. */
interface Copy {
  readonly view: CopyView
  readonly file: FileHandle | null
  readonly found: FoundSegment | null
  readonly size: number
}

/** A part of a segment file whose nonce is known. */
export interface SegmentRange {
  readonly segment: number
  readonly nonce: number
  readonly start: number
  readonly end: number
}

export class SegmentCopies {
  readonly #mirror: Mirror
  readonly #spend: Spend
  #mendCount = 0

  constructor(mirror: Mirror, spend: Spend = atOnce) {
    this.#mirror = mirror
    this.#spend = spend
  }

  /** Pieces written anew so far. */
  get mendCount(): number {
    return this.#mendCount
  }

  /**
   * A record that the copy read first does not give: from any that does, which mends the others.
   * Null when none does.
   */
  async read(path: string, home: RecordHome, storedSize?: number): Promise<StoredRecord | null> {
    if (!this.#mirror.covers(path)) return null
    const lacking: CopyView[] = []
    let record: StoredRecord | null = null
    for (const view of this.#mirror.views) {
      const found = await readFrom(view, { path, home, storedSize })
      if (found === 'damaged') lacking.push(view)
      else if (found !== null) record ??= found
    }
    if (record === null) return null
    const range = { offset: home.offset, bytes: encodeRecord(record, home.nonce), size: null }
    for (const view of lacking) await this.#repair(view, path, range)
    return record
  }

  /** Gives every copy the records that verify in any of them; true when one got something. */
  async merge(path: string, range: SegmentRange): Promise<boolean> {
    if (!this.#mirror.covers(path)) return false
    const copies = await this.#open(path)
    try {
      return (await this.#mergeOpen(path, copies, range)) > 0
    } finally {
      await closeAll(copies)
    }
  }

  /** Whether every copy is there, sealed or published, and of one size: then nothing was torn. */
  async isSettled(path: string, expected: ExpectedSegment): Promise<boolean> {
    const copies = await this.#open(path, expected)
    try {
      return copies.every(({ found, size }) => {
        if (found === null || found.damaged || size !== copies[0]?.size) return false
        if (found.findings.length > 0 || found.nonce !== copies[0]?.found?.nonce) return false
        return found.footer !== null || expected.kind === 'snapshot'
      })
    } finally {
      await closeAll(copies)
    }
  }

  /**
   * Reads all copies of a file, up to `end` where it is still written, and makes them alike: what
   * decayed, was torn or is missing in one is written anew from another.
   */
  async mend(path: string, expected: ExpectedSegment, end: number | null): Promise<void> {
    const copies = await this.#open(path, expected)
    try {
      const model = modelOf(copies)
      const found = model?.found ?? null
      if (found?.nonce == null || model?.file == null) return
      const dataEnd = found.footer?.dataEnd ?? Math.max(...copies.map(({ size }) => size))
      const range = {
        segment: found.header.id,
        nonce: found.nonce,
        start: SEGMENT_HEADER_SIZE,
        end: Math.min(end ?? dataEnd, dataEnd),
      }
      await this.#mergeOpen(path, copies, range)
      if (end === null && found.footer !== null) {
        await this.#mergeIndex(path, copies, { ...range, start: dataEnd, end: found.fileSize })
      }
      await this.#level(path, { model: model.file, copies, end })
    } finally {
      await closeAll(copies)
    }
  }

  async #open(path: string, expected?: ExpectedSegment): Promise<Copy[]> {
    const copies: Copy[] = []
    for (const view of this.#mirror.views) {
      const file = await openIfThere(view, path)
      const found = file === null || expected === undefined ? null : await inspect(file, expected)
      const size = file === null ? 0 : await file.size()
      copies.push({ view, file, found, size })
    }
    return copies
  }

  async #mergeOpen(path: string, copies: readonly Copy[], range: SegmentRange): Promise<number> {
    const { segment, nonce } = range
    const places: Set<number>[] = []
    for (const copy of copies) places.push(await placesIn(copy, range, this.#spend))
    const known = new Map<number, FileHandle>()
    for (const [index, { file }] of copies.entries()) {
      if (file === null) continue
      for (const offset of places[index] ?? []) if (!known.has(offset)) known.set(offset, file)
    }
    let count = 0
    for (const [offset, source] of known) {
      const lacking = copies.filter(({ file }, index) => {
        return file !== null && places[index]?.has(offset) !== true
      })
      if (lacking.length === 0) continue
      const record = await readRecord(source, { nonce, segment, offset })
      const bytes = encodeRecord(record, nonce)
      for (const { view } of lacking) await this.#repair(view, path, { offset, bytes, size: null })
      count += lacking.length
    }
    return count
  }

  /** Index pages and footer: records one after another, which a scan of the data leaves out. */
  async #mergeIndex(path: string, copies: readonly Copy[], range: SegmentRange): Promise<void> {
    const { segment, nonce } = range
    for (let offset = range.start; offset < range.end; ) {
      const home = { nonce, segment, offset }
      const found = await Promise.all(copies.map(({ view }) => readFrom(view, { path, home })))
      const record = found.flatMap((each) => (each === null || each === 'damaged' ? [] : [each]))[0]
      if (record === undefined) return
      const bytes = encodeRecord(record, nonce)
      for (const [index, { view }] of copies.entries()) {
        if (found[index] === 'damaged')
          await this.#repair(view, path, { offset, bytes, size: null })
      }
      if (record.header.kind === 'footer') return
      offset += recordSpan(record.header.storedSize)
    }
  }

  /** Gives the other copies what the model has, byte for byte. */
  async #level(
    path: string,
    context: {
      readonly model: FileHandle
      readonly copies: readonly Copy[]
      readonly end: number | null
    },
  ): Promise<void> {
    const { model, copies, end } = context
    const size = end ?? (await model.size())
    const [left, right] = [Buffer.alloc(PIECE_SIZE), Buffer.alloc(PIECE_SIZE)]
    for (const { view, file } of copies) {
      if (file === model) continue
      const wholeSize = end === null ? size : null
      if (end === null && (file === null || (await file.size()) !== size)) {
        await this.#repair(view, path, { offset: 0, bytes: Buffer.alloc(0), size })
      }
      for (let offset = 0; offset < size; offset += PIECE_SIZE) {
        const length = Math.min(PIECE_SIZE, size - offset)
        await model.read(left.subarray(0, length), offset)
        await this.#spend(length * 2)
        const known = file === null ? 0 : await readOr(file, right.subarray(0, length), offset)
        const bytes = left.subarray(0, length)
        if (known === length && bytes.equals(right.subarray(0, length))) continue
        await this.#repair(view, path, { offset, bytes, size: wholeSize })
      }
    }
  }

  async #repair(
    view: CopyView,
    path: string,
    range: { readonly offset: number; readonly bytes: Uint8Array; readonly size: number | null },
  ): Promise<void> {
    this.#mendCount++
    // A copy that does not take it is given up, and is filled when it is back.
    await this.#mirror.repair(view, path, range).catch(() => {})
  }
}

/** A sealed copy if there is one; else the one whose header verifies that is the longest. */
function modelOf(copies: readonly Copy[]): Copy | null {
  const whole = copies.filter(({ found }) => found !== null && !found.damaged)
  const sealed = whole.find(({ found }) => found?.footer != null)
  if (sealed !== undefined) return sealed
  const [longest] = [...whole].sort((left, right) => right.size - left.size)
  return longest ?? null
}

/** Offsets of the records of a range that verify, payloads included. */
async function placesIn(
  { file, size }: Copy,
  range: SegmentRange,
  spend: Spend,
): Promise<Set<number>> {
  const places = new Set<number>()
  const { segment, nonce, start, end } = range
  const to = Math.min(end, size)
  if (file === null || start >= to) return places
  const source = { handle: file, segment, nonce, from: start, to, complete: true, payloads: true }
  try {
    for await (const step of new EachStep(scanRecords(source))) {
      if (step.step !== 'record') continue
      places.add(step.header.place.offset)
      await spend(recordSpan(step.header.storedSize))
    }
  } catch (error) {
    // A piece of the disk that cannot be read: written anew, many disks can again.
    if (errnoOf(error) === null) throw error
  }
  return places
}

async function readFrom(
  view: CopyView,
  wanted: {
    readonly path: string
    readonly home: RecordHome
    readonly storedSize?: number | undefined
  },
): Promise<StoredRecord | 'damaged' | null> {
  const { path, home, storedSize } = wanted
  const file = await openIfThere(view, path)
  if (file === null) return null
  try {
    return await readRecord(file, home, storedSize)
  } catch (error) {
    const isDamage = error instanceof SegmentError && error.kind === 'corruption'
    if (isDamage || errnoOf(error) === 'EIO') return 'damaged'
    throw error
  } finally {
    await file.close().catch(() => {})
  }
}

async function openIfThere(view: CopyView, path: string): Promise<FileHandle | null> {
  try {
    return await view.open(path)
  } catch (error) {
    if (errnoOf(error) === null) throw error
    return null
  }
}

async function inspect(file: FileHandle, expected: ExpectedSegment): Promise<FoundSegment | null> {
  try {
    return await inspectSegment(file, expected)
  } catch (error) {
    const isVersion = error instanceof SegmentError && error.kind === 'unknown-version'
    if (isVersion || (errnoOf(error) === null && !(error instanceof SegmentError))) throw error
    return null
  }
}

async function readOr(file: FileHandle, target: Buffer, offset: number): Promise<number> {
  try {
    return await file.read(target, offset)
  } catch (error) {
    if (errnoOf(error) === null) throw error
    return 0
  }
}

async function closeAll(copies: readonly Copy[]): Promise<void> {
  for (const { file } of copies) await file?.close().catch(() => {})
}

/** The record as it was written, padding included. */
function encodeRecord({ header, payload }: StoredRecord, nonce: number): Buffer {
  const bytes = Buffer.alloc(recordSpan(header.storedSize))
  encodeRecordHeader(header satisfies RecordHeader, nonce, { bytes, at: 0 })
  payload.copy(bytes, RECORD_HEADER_SIZE)
  return bytes
}
