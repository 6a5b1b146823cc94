import { randomFillSync } from 'node:crypto'
import { crc32c } from '@node-rs/crc32'
import { addToCounter, COUNTER_SIZE } from '../counter.ts'
import { readInt64, writeInt64 } from '../int64.ts'

/**
 * What a piece of the journal did to each row, found by key. A server at work may have half a
 * million of them at a time: each is kept in some 30 bytes beside its key, off the heap, where no
 * collection has to walk them. Values are known by size and CRC, those of 8 bytes as they are: of
 * those some are counters, and the journal adds to them.
 *
 * An entry, in one of the chunks of the arena:
 *
 *   offset  size  field
 *        0     8  the value known: size (4) and CRC (4), counter, or delta
 *        8     2  key size
 *       10     1  what is known of the row
 *       11     …  key
 */
export class RowChanges {
  readonly #arena: Buffer[] = []
  /** Of the next entry. */
  #end = 0
  /** Open addressing: for each entry its position, plus 1 (0: none), and the hash of its key. */
  #slots: Uint32Array = new Uint32Array(SLOT_COUNT_MIN * 2)
  #count = 0

  /** The row has this value now, or is gone. */
  set(key: Uint8Array, value: Uint8Array | null): void {
    const hash = hashOf(key)
    const at = this.#entryOf(key, hash) ?? this.#insert(key, hash)
    writeValue(this.#chunkOf(at), at & CHUNK_MASK, value)
  }

  /** As the catalog adds: what is no counter counts as 0. */
  add(key: Uint8Array, delta: number): void {
    const hash = hashOf(key)
    const known = this.#entryOf(key, hash)
    const at = known ?? this.#insert(key, hash)
    const bytes = this.#chunkOf(at)
    const start = at & CHUNK_MASK
    if (known === null) {
      bytes[start + KNOWN] = ADDED
      writeInt64(bytes, delta, start)
    } else if (bytes[start + KNOWN] === ADDED) {
      writeInt64(bytes, readInt64(bytes, start) + delta, start)
    } else {
      const isCounter = bytes[start + KNOWN] === COUNTER
      writeCounter(bytes, start, (isCounter ? readInt64(bytes, start) : 0) + delta)
    }
  }

  /** Whether what was done to the row made `after` of `before`. To be asked once of a key. */
  makes(key: Buffer, before: Buffer | null, after: Buffer | null): boolean {
    const at = this.#entryOf(key, hashOf(key))
    if (at === null) return before === null ? after === null : after?.equals(before) === true
    const bytes = this.#chunkOf(at)
    const start = at & CHUNK_MASK
    if (bytes[start + KNOWN] === ADDED) {
      writeValue(bytes, start, addToCounter(before, readInt64(bytes, start)))
    }
    const isMade = isValue(bytes, start, after)
    bytes[start + KNOWN] = ASKED
    return isMade
  }

  /** Whether all rows that were never asked about are gone, having been none before. */
  leaveNothing(): boolean {
    for (let slot = 0; slot < this.#slots.length; slot += 2) {
      const at = this.#slots[slot]! - 1
      if (at < 0) continue
      const bytes = this.#chunkOf(at)
      const start = at & CHUNK_MASK
      const known = bytes[start + KNOWN]
      if (known === ASKED || known === GONE) continue
      if (known !== ADDED || readInt64(bytes, start) !== 0) return false
    }
    return true
  }

  #entryOf(key: Uint8Array, hash: number): number | null {
    const slots = this.#slots
    for (let slot = firstSlot(hash, slots); ; slot = nextSlot(slot, slots)) {
      const at = slots[slot]! - 1
      if (at < 0) return null
      if (slots[slot + 1] !== hash) continue
      const bytes = this.#chunkOf(at)
      const from = (at & CHUNK_MASK) + HEADER_SIZE
      const to = from + bytes.readUInt16LE(from - HEADER_SIZE + KEY_SIZE)
      if (bytes.compare(key, 0, key.length, from, to) === 0) return at
    }
  }

  #insert(key: Uint8Array, hash: number): number {
    if (++this.#count * 4 > this.#slots.length) this.#grow()
    const size = HEADER_SIZE + key.length
    if (this.#end + size > ARENA_SIZE_MAX) throw new RangeError('too many rows changed')
    const last = this.#arena.at(-1)
    const used = this.#end - (this.#arena.length - 1) * CHUNK_SIZE
    if (last === undefined || used + size > last.length) {
      const chunkSize = last === undefined ? Math.max(FIRST_SIZE, size) : CHUNK_SIZE
      this.#end = this.#arena.length * CHUNK_SIZE
      this.#arena.push(Buffer.allocUnsafeSlow(chunkSize))
    }
    const at = this.#end
    this.#end += size
    const bytes = this.#chunkOf(at)
    const start = at & CHUNK_MASK
    bytes.writeUInt16LE(key.length, start + KEY_SIZE)
    bytes.set(key, start + HEADER_SIZE)
    enter(this.#slots, at + 1, hash)
    return at
  }

  #grow(): void {
    const old = this.#slots
    const slots = new Uint32Array(old.length * 2)
    for (let slot = 0; slot < old.length; slot += 2) {
      if (old[slot] !== 0) enter(slots, old[slot]!, old[slot + 1]!)
    }
    this.#slots = slots
  }

  #chunkOf(at: number): Buffer {
    return this.#arena[at >>> CHUNK_BITS]!
  }
}

/** A slot is two numbers; at most half of them are taken. */
const SLOT_COUNT_MIN = 512

function firstSlot(hash: number, slots: Uint32Array): number {
  return (hash * 2) & (slots.length - 1)
}

function nextSlot(slot: number, slots: Uint32Array): number {
  return (slot + 2) & (slots.length - 1)
}

function enter(slots: Uint32Array, value: number, hash: number): void {
  let slot = firstSlot(hash, slots)
  while (slots[slot] !== 0) slot = nextSlot(slot, slots)
  slots[slot] = value
  slots[slot + 1] = hash
}

const CHUNK_BITS = 20
const CHUNK_SIZE = 1 << CHUNK_BITS
const CHUNK_MASK = CHUNK_SIZE - 1
/** Of the first chunk: most often little has changed. */
const FIRST_SIZE = 16 * 1024
/** Positions are numbers of 32 bits. */
const ARENA_SIZE_MAX = 2 ** 32 - CHUNK_SIZE

const KEY_SIZE = 8
const KNOWN = 10
const HEADER_SIZE = 11

const ASKED = 0
const GONE = 1
const DIGEST = 2
const COUNTER = 3
const ADDED = 4

function writeValue(bytes: Buffer, start: number, value: Uint8Array | null): void {
  if (value === null) bytes[start + KNOWN] = GONE
  else if (value.length === COUNTER_SIZE) {
    bytes[start + KNOWN] = COUNTER
    bytes.set(value, start)
  } else {
    bytes[start + KNOWN] = DIGEST
    bytes.writeUInt32LE(value.length, start)
    bytes.writeUInt32LE(crc32c(value), start + 4)
  }
}

/** A counter that came to 0 is no row. */
function writeCounter(bytes: Buffer, start: number, value: number): void {
  bytes[start + KNOWN] = value === 0 ? GONE : COUNTER
  writeInt64(bytes, value, start)
}

function isValue(bytes: Buffer, start: number, value: Buffer | null): boolean {
  const known = bytes[start + KNOWN]
  if (value === null || known === GONE) return value === null && known === GONE
  if (value.length === COUNTER_SIZE) {
    return known === COUNTER && value.compare(bytes, start, start + COUNTER_SIZE) === 0
  }
  if (known !== DIGEST || bytes.readUInt32LE(start) !== value.length) return false
  return bytes.readUInt32LE(start + 4) === crc32c(value)
}

const SEED_COUNT = 2048
const slotSeeds = randomFillSync(new Int32Array(SEED_COUNT))
const passSeeds = randomFillSync(new Int32Array(SEED_COUNT))

/** One of `passCount` parts of all keys: nobody can choose keys that are all in one. */
export function passOf(key: Uint8Array, passCount: number): number {
  return hashOf(key, passSeeds) % passCount
}

/**
 * Keys are chosen by clients, and must not meet on purpose: a universal hash with
 * random seeds. Of 32 bits the upper 24 are uniform for letters of 9 bits (Lemire and Kaser,
 * "Strongly universal string hashing is fast", 2014); no letter is 0, so that length counts.
 */
function hashOf(key: Uint8Array, seeds = slotSeeds): number {
  let sum = seeds[0]!
  for (let index = 0; index < key.length; index++) {
    sum = (sum + Math.imul(seeds[(index + 1) % SEED_COUNT]!, key[index]! + 1)) | 0
  }
  return sum >>> 8
}
