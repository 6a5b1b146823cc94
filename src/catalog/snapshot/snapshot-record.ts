/**
 * What a snapshot consists of (docs/format.md#snapshot). Little-endian.
 *
 * A page: entries in key order, each key size (2), value size (4), key, value.
 *
 * The end:
 *
 *   offset  size  field
 *        0     8  sequence
 *        8     8  entry count
 *       16     8  commit size
 *       24    32  chain value
 *       56     4  next unused segment id
 *       60     4  journal segment of the last commit record
 *       64     4  offset of that record
 *       68     4  offset after it
 */
import type { Entry } from '../catalog.ts'
import { CatalogError } from '../errors.ts'
import { readInt64, writeInt64 } from '../int64.ts'
import type { KvPosition } from '../kv/ordered-kv.ts'

const ENTRY_HEADER_SIZE = 6
export const SNAPSHOT_END_SIZE = 72

export interface SnapshotEnd {
  readonly position: KvPosition
  readonly entryCount: number
  readonly nextSegmentId: number
}

/** Fills pages one after another in one buffer. */
export class PageEncoder {
  #bytes: Buffer
  #size = 0

  /** @param pageSize at which a page is full; a single entry may be larger */
  constructor(pageSize: number) {
    this.#bytes = Buffer.allocUnsafeSlow(pageSize)
  }

  get isEmpty(): boolean {
    return this.#size === 0
  }

  /** Whether the entry still fits; an empty page takes any. */
  fits(entry: Entry): boolean {
    return this.isEmpty || this.#size + entrySize(entry) <= this.#bytes.length
  }

  add(entry: Entry): void {
    const { key, value } = entry
    const size = entrySize(entry)
    if (this.#size + size > this.#bytes.length) this.#bytes = Buffer.allocUnsafeSlow(size)
    const bytes = this.#bytes
    const at = this.#size
    bytes.writeUInt16LE(key.length, at)
    bytes.writeUInt32LE(value.length, at + 2)
    bytes.set(key, at + ENTRY_HEADER_SIZE)
    bytes.set(value, at + ENTRY_HEADER_SIZE + key.length)
    this.#size += size
  }

  /** The page so far; valid until the next `reset`. */
  page(): Buffer {
    return this.#bytes.subarray(0, this.#size)
  }

  reset(): void {
    this.#size = 0
  }
}

function entrySize({ key, value }: Entry): number {
  return ENTRY_HEADER_SIZE + key.length + value.length
}

/** @throws CatalogError `corruption` */
export function decodePage(page: Buffer): Entry[] {
  const entries: Entry[] = []
  let at = 0
  while (at < page.length) {
    if (at + ENTRY_HEADER_SIZE > page.length) throw new CatalogError('corruption', 'snapshot page')
    const keyEnd = at + ENTRY_HEADER_SIZE + page.readUInt16LE(at)
    const valueEnd = keyEnd + page.readUInt32LE(at + 2)
    if (valueEnd > page.length) throw new CatalogError('corruption', 'snapshot page')
    const key = page.subarray(at + ENTRY_HEADER_SIZE, keyEnd)
    entries.push({ key, value: page.subarray(keyEnd, valueEnd) })
    at = valueEnd
  }
  return entries
}

export function encodeEnd({ position, entryCount, nextSegmentId }: SnapshotEnd): Buffer {
  const bytes = Buffer.alloc(SNAPSHOT_END_SIZE)
  writeInt64(bytes, position.sequence, 0)
  writeInt64(bytes, entryCount, 8)
  writeInt64(bytes, position.commitSize, 16)
  bytes.set(position.chain, 24)
  bytes.writeUInt32LE(nextSegmentId, 56)
  bytes.writeUInt32LE(position.segment, 60)
  bytes.writeUInt32LE(position.recordOffset, 64)
  bytes.writeUInt32LE(position.offset, 68)
  return bytes
}

/** @throws CatalogError `corruption` */
export function decodeEnd(bytes: Buffer): SnapshotEnd {
  if (bytes.length !== SNAPSHOT_END_SIZE) throw new CatalogError('corruption', 'snapshot end')
  return {
    entryCount: readInt64(bytes, 8),
    nextSegmentId: bytes.readUInt32LE(56),
    position: {
      sequence: readInt64(bytes, 0),
      commitSize: readInt64(bytes, 16),
      chain: Buffer.from(bytes.subarray(24, 56)),
      segment: bytes.readUInt32LE(60),
      recordOffset: bytes.readUInt32LE(64),
      offset: bytes.readUInt32LE(68),
    },
  }
}
