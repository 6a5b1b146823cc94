/**
 * Walks the records of one segment file, header by header.
 *
 * Damage does not end the walk: the next record that verifies is searched for at every multiple of
 * 8. Only when there is none is the rest a torn tail, which recovery may cut; what lies before a
 * valid record is damage, which nobody cuts.
 */
import type { FileHandle } from '../platform/file-system.ts'
import { type Decoded, isDamage } from './decoded.ts'
import {
  decodeRecordHeader,
  payloadVerifies,
  RECORD_HEADER_SIZE,
  RECORD_MAGIC,
  type RecordHome,
} from './record.ts'
import type { ScanStep } from './segments.ts'
import { type RecordHeader, type RecordKind, recordSpan } from './types.ts'

export interface ScanSource {
  readonly handle: FileHandle
  readonly segment: number
  readonly nonce: number
  /** Offset of the first record to visit: a multiple of 8. */
  readonly from: number
  /** Nothing at or after it is looked at. */
  readonly to: number
  /**
   * Whether all bytes before `to` are known to have been written whole: then damage that reaches
   * `to` is damage and not a torn tail.
   */
  readonly complete: boolean
  /** Verify payloads, and yield them. */
  readonly payloads: boolean
  /** With `payloads`: only those of this kind; null: of all. */
  readonly payloadKind?: RecordKind | null
}

interface Visited {
  readonly header: RecordHeader
  readonly payload: Buffer | null
}

const ALIGNMENT = 8
const WINDOW_SIZE = 256 * 1024
/** Once payloads not asked for are larger than this, headers are read one by one. */
const SPARSE_SPAN = 128 * 1024

/**
 * Walks from one offset to another; index pages and footers end it. Yields what one read has shown
 * at a time: a turn of the microtask queue for each record would cost more than the record.
 */
export async function* scanRecords(source: ScanSource): AsyncGenerator<readonly ScanStep[]> {
  const window = new ScanWindow(source.handle, source.to)
  const home = { segment: source.segment, nonce: source.nonce, offset: 0 }
  let damage: { start: number; field: string } | null = null
  let at = source.from
  let steps: ScanStep[] = []
  while (at < source.to) {
    home.offset = at
    const visited = visit(window, source, home)
    if (typeof visited === 'number') {
      if (steps.length > 0) yield steps
      steps = []
      await window.read(at, visited)
      continue
    }
    if (isDamage(visited)) {
      damage ??= { start: at, field: visited.damaged }
      // The search reads on, and a disk may fail there: what was found by now is told before.
      if (steps.length > 0) yield steps
      steps = []
      const next = await findRecord(window, source, at + ALIGNMENT)
      if (next === null) break
      at = next
      continue
    }
    const { header, payload } = visited
    if (header.kind === 'indexPage' || header.kind === 'footer') {
      yield [...steps, ...damageBeforeIndex(damage, header)]
      return
    }
    const next = at + recordSpan(header.storedSize)
    if (payload !== null && !payloadVerifies(header, payload)) {
      damage ??= { start: at, field: 'payload crc' }
    } else {
      if (damage !== null) steps.push({ step: 'damage', ...damage, end: at })
      damage = null
      steps.push({ step: 'record', header, payload })
    }
    at = next
  }
  if (damage !== null) {
    if (source.complete) steps.push({ step: 'damage', ...damage, end: source.to })
    else steps.push({ step: 'torn', start: damage.start, end: source.to })
  }
  if (steps.length > 0) yield steps
}

/**
 * Index pages in the way of a scan are the remains of a sealing that was cut short. When their
 * first one is whole, what is damaged before it is data; else it may be just that first page.
 */
function damageBeforeIndex(
  damage: { readonly start: number; readonly field: string } | null,
  header: RecordHeader,
): readonly ScanStep[] {
  if (damage === null) return []
  const end = header.place.offset
  const isFirst = header.kind === 'indexPage' && header.number === 0
  return [isFirst ? { step: 'damage', ...damage, end } : { step: 'torn', start: damage.start, end }]
}

/** A number: so many bytes from `at` on must be read first. */
function visit(
  window: ScanWindow,
  source: ScanSource,
  home: RecordHome,
): Decoded<Visited> | number {
  const at = home.offset
  const bytes = window.peek(at, RECORD_HEADER_SIZE)
  if (bytes === null) return RECORD_HEADER_SIZE
  const header = decodeRecordHeader(bytes, 0, home)
  if (isDamage(header)) return header
  const size = RECORD_HEADER_SIZE + header.storedSize
  if (at + size > source.to) return { damaged: 'payload is cut short' }
  if (!isWanted(source, header.kind)) {
    window.expectSparse(size > SPARSE_SPAN)
    return { header, payload: null }
  }
  const whole = window.peek(at, size)
  return whole === null ? size : { header, payload: whole.subarray(RECORD_HEADER_SIZE, size) }
}

function isWanted({ payloads, payloadKind = null }: ScanSource, kind: RecordKind): boolean {
  return payloads && (payloadKind === null || payloadKind === kind)
}

/** Offset of the first record at or after `from` whose header verifies, or null. */
async function findRecord(
  window: ScanWindow,
  source: ScanSource,
  from: number,
): Promise<number | null> {
  window.expectSparse(false)
  for (let at = from; at + RECORD_HEADER_SIZE <= source.to; ) {
    const bytes = window.peek(at, RECORD_HEADER_SIZE) ?? (await window.read(at, RECORD_HEADER_SIZE))
    if (bytes.length < RECORD_HEADER_SIZE) return null
    const last = bytes.length - RECORD_HEADER_SIZE
    let index = 0
    for (; index <= last; index += ALIGNMENT) {
      if (bytes.readUInt32LE(index) !== RECORD_MAGIC) continue
      const header = decodeRecordHeader(bytes, index, { ...source, offset: at + index })
      if (!isDamage(header)) return at + index
    }
    at += index
  }
  return null
}

/** The part of the file under the scan; grows to the record in hand. */
class ScanWindow {
  readonly #handle: FileHandle
  readonly #end: number
  #bytes = Buffer.alloc(0)
  #start = 0
  #readSize = WINDOW_SIZE
  /** The file ends before it should: there is no more than is known. */
  #isShort = false

  constructor(handle: FileHandle, end: number) {
    this.#handle = handle
    this.#end = end
  }

  expectSparse(sparse: boolean): void {
    this.#readSize = sparse ? RECORD_HEADER_SIZE : WINDOW_SIZE
  }

  /**
   * What the window holds from `at` on: at least `size` bytes, unless the file ends before; null
   * when they must be read first. The bytes never change: a window that moves takes new memory.
   */
  peek(at: number, size: number): Buffer | null {
    const from = at - this.#start
    if (from < 0 || from > this.#bytes.length) return null
    const wanted = Math.min(size, this.#end - at)
    const isThere = this.#bytes.length - from >= wanted || this.#isShort
    return isThere ? this.#bytes.subarray(from) : null
  }

  /** Moves the window to `at`, and answers as `peek` does after that. */
  async read(at: number, size: number): Promise<Buffer> {
    const inside = at >= this.#start && at <= this.#start + this.#bytes.length
    const known = inside ? this.#bytes.subarray(at - this.#start) : Buffer.alloc(0)
    const next = Buffer.allocUnsafeSlow(Math.min(Math.max(size, this.#readSize), this.#end - at))
    known.copy(next)
    const read = await this.#handle.read(next.subarray(known.length), at + known.length)
    this.#bytes = next.subarray(0, known.length + read)
    this.#start = at
    this.#isShort = this.#bytes.length < next.length
    return this.#bytes
  }
}
