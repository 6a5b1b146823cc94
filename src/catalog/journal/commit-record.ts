/**
 * The payload of a commit record (docs/format.md#commit-payload): all catalog commits of one group.
 * Little-endian.
 *
 *   offset  size  field
 *        0     8  first sequence
 *        8     4  item count
 *       12     4  next unused segment id
 *       16     8  committed at
 *       24    32  chain value before this record
 *       56     4  group start: offset of the group's first record in this segment
 *       60     4  reserved, zero
 *       64     …  items: size of the rest (4), put, delete and add count (4 each);
 *                 puts: key size (2), value size (4), key, value; deletes: key size (2), key;
 *                 adds: key size (2), delta (8, signed), key
 */
import { hash } from 'node:crypto'
import type { Add, Put } from '../catalog.ts'
import { CatalogError } from '../errors.ts'
import { readInt64, writeInt64 } from '../int64.ts'

export const COMMIT_HEADER_SIZE = 64
const ITEM_HEADER_SIZE = 16

/** One catalog commit as it lies in the journal. */
export interface CommitItem {
  readonly puts: readonly Put[]
  readonly deletes: readonly Uint8Array[]
  readonly adds: readonly Add[]
}

export interface CommitHeader {
  readonly firstSequence: number
  readonly nextSegmentId: number
  readonly committedAt: number
  /** Chain value before this record; 32 bytes. */
  readonly chain: Uint8Array
  readonly groupStart: number
}

export interface Commit extends CommitHeader {
  readonly items: readonly CommitItem[]
}

/** The chain value after a commit record, and before the first one. */
export function chainAfter(payload: Uint8Array): Buffer {
  return hash('sha256', payload, 'buffer')
}

export const chainStart: Uint8Array = new Uint8Array(32)

/** Encodes one group at a time into a buffer that it keeps and that grows. */
export class CommitEncoder {
  #bytes = Buffer.allocUnsafeSlow(64 * 1024)
  #size = COMMIT_HEADER_SIZE
  #itemCount = 0

  /** Of the payload so far. */
  get size(): number {
    return this.#size
  }

  get itemCount(): number {
    return this.#itemCount
  }

  add(item: CommitItem): void {
    const size = itemSize(item)
    this.#reserve(size)
    const bytes = this.#bytes
    let at = this.#size
    bytes.writeUInt32LE(size - 4, at)
    bytes.writeUInt32LE(item.puts.length, at + 4)
    bytes.writeUInt32LE(item.deletes.length, at + 8)
    bytes.writeUInt32LE(item.adds.length, at + 12)
    at += ITEM_HEADER_SIZE
    for (const { key, value } of item.puts) {
      bytes.writeUInt16LE(key.length, at)
      bytes.writeUInt32LE(value.length, at + 2)
      bytes.set(key, at + 6)
      bytes.set(value, at + 6 + key.length)
      at += 6 + key.length + value.length
    }
    for (const key of item.deletes) {
      bytes.writeUInt16LE(key.length, at)
      bytes.set(key, at + 2)
      at += 2 + key.length
    }
    for (const { key, delta } of item.adds) {
      bytes.writeUInt16LE(key.length, at)
      writeInt64(bytes, delta, at + 2)
      bytes.set(key, at + 10)
      at += 10 + key.length
    }
    this.#size = at
    this.#itemCount++
  }

  /** The finished payload; valid until the next `reset`. */
  finish(header: CommitHeader): Buffer {
    const bytes = this.#bytes
    writeInt64(bytes, header.firstSequence, 0)
    bytes.writeUInt32LE(this.#itemCount, 8)
    bytes.writeUInt32LE(header.nextSegmentId, 12)
    writeInt64(bytes, header.committedAt, 16)
    bytes.set(header.chain, 24)
    bytes.writeUInt32LE(header.groupStart, 56)
    bytes.writeUInt32LE(0, 60)
    return bytes.subarray(0, this.#size)
  }

  reset(): void {
    this.#size = COMMIT_HEADER_SIZE
    this.#itemCount = 0
  }

  #reserve(size: number): void {
    const needed = this.#size + size
    if (needed <= this.#bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(grown, 0, 0, this.#size)
    this.#bytes = grown
  }
}

/** @throws CatalogError `corruption` for a payload that no version of this file has written */
export function decodeCommit(payload: Buffer): Commit {
  const header = decodeCommitHeader(payload)
  const items: CommitItem[] = []
  const count = payload.readUInt32LE(8)
  let at = COMMIT_HEADER_SIZE
  try {
    for (let index = 0; index < count; index++) {
      const end = at + 4 + payload.readUInt32LE(at)
      items.push(decodeItem(payload, at, end))
      at = end
    }
  } catch (cause) {
    throw new CatalogError('corruption', 'an item of a commit record is cut short', { cause })
  }
  if (at !== payload.length) throw new CatalogError('corruption', 'size of a commit record')
  return { ...header, items }
}

/** @throws CatalogError `corruption` */
export function decodeCommitHeader(payload: Buffer): CommitHeader & { readonly itemCount: number } {
  if (payload.length < COMMIT_HEADER_SIZE || payload.readUInt32LE(60) !== 0) {
    throw new CatalogError('corruption', 'header of a commit record')
  }
  return {
    firstSequence: readInt64(payload, 0),
    itemCount: payload.readUInt32LE(8),
    nextSegmentId: payload.readUInt32LE(12),
    committedAt: readInt64(payload, 16),
    chain: payload.subarray(24, 56),
    groupStart: payload.readUInt32LE(56),
  }
}

function decodeItem(payload: Buffer, start: number, end: number): CommitItem {
  const reader = new ItemReader(payload, start + ITEM_HEADER_SIZE)
  const puts = times(payload.readUInt32LE(start + 4), () => reader.put())
  const deletes = times(payload.readUInt32LE(start + 8), () => reader.key())
  const adds = times(payload.readUInt32LE(start + 12), () => reader.add())
  if (reader.at !== end) throw new RangeError('size of an item')
  return { puts, deletes, adds }
}

class ItemReader {
  readonly #bytes: Buffer
  at: number

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.at = at
  }

  put(): Put {
    const keySize = this.#bytes.readUInt16LE(this.at)
    const valueSize = this.#bytes.readUInt32LE(this.at + 2)
    this.at += 6
    return { key: this.#take(keySize), value: this.#take(valueSize) }
  }

  key(): Buffer {
    const size = this.#bytes.readUInt16LE(this.at)
    this.at += 2
    return this.#take(size)
  }

  add(): Add {
    const size = this.#bytes.readUInt16LE(this.at)
    const delta = readInt64(this.#bytes, this.at + 2)
    this.at += 10
    return { key: this.#take(size), delta }
  }

  #take(size: number): Buffer {
    const end = this.at + size
    if (end > this.#bytes.length) throw new RangeError('size of a key or value')
    const taken = this.#bytes.subarray(this.at, end)
    this.at = end
    return taken
  }
}

function times<Value>(count: number, make: () => Value): Value[] {
  const values: Value[] = []
  for (let index = 0; index < count; index++) values.push(make())
  return values
}

function itemSize({ puts, deletes, adds }: CommitItem): number {
  let size = ITEM_HEADER_SIZE
  for (const { key, value } of puts) size += 6 + key.length + value.length
  for (const key of deletes) size += 2 + key.length
  for (const { key } of adds) size += 10 + key.length
  return size
}
