/**
 * Bloom filter over record keys (docs/format.md#bloom-bits): pure bits, no I/O.
 *
 * At 10 bits per key and 7 hashes, 0.82 % of the absent keys answer "maybe" (Bloom 1970:
 * (1 − e^(−kn/m))^k).
 */
import type { RecordKey } from './types.ts'

export const BLOOM_BITS_PER_KEY = 10
export const BLOOM_HASH_COUNT = 7

export class BloomFilter {
  readonly bits: Uint8Array
  readonly hashCount: number
  readonly #bitCount: number

  constructor(bits: Uint8Array, hashCount: number) {
    this.bits = bits
    this.hashCount = hashCount
    this.#bitCount = bits.length * 8
  }

  /** An empty filter sized for `keyCount` keys. */
  static sized(keyCount: number, bitsPerKey = BLOOM_BITS_PER_KEY): BloomFilter {
    const words = Math.ceil((keyCount * bitsPerKey) / 64)
    return new BloomFilter(new Uint8Array(words * 8), BLOOM_HASH_COUNT)
  }

  get bitCount(): number {
    return this.#bitCount
  }

  add(key: RecordKey): void {
    const bitCount = this.#bitCount
    let hash = murmur3(key, 0)
    let step = murmur3(key, hash)
    for (let round = 1; round <= this.hashCount; round++) {
      const bit = hash % bitCount
      const at = Math.floor(bit / 8)
      this.bits[at] = (this.bits[at] ?? 0) | (1 << (bit & 7))
      hash = (hash + step) >>> 0
      step = (step + round) >>> 0
    }
  }

  /** False is certain; true is probable. An empty filter answers false. */
  mayHold(key: RecordKey): boolean {
    const bitCount = this.#bitCount
    if (bitCount === 0) return false
    let hash = murmur3(key, 0)
    let step = murmur3(key, hash)
    for (let round = 1; round <= this.hashCount; round++) {
      const bit = hash % bitCount
      if (((this.bits[Math.floor(bit / 8)] ?? 0) & (1 << (bit & 7))) === 0) return false
      hash = (hash + step) >>> 0
      step = (step + round) >>> 0
    }
    return true
  }
}

/** MurmurHash3_x86_32 (Appleby, SMHasher) of a key as three little-endian 32-bit words. */
function murmur3(key: RecordKey, seed: number): number {
  let hash = mixWord(seed, key.blob.segment)
  hash = mixWord(hash, key.blob.offset)
  hash = mixWord(hash, key.number)
  hash ^= 12
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

function mixWord(hash: number, word: number): number {
  let mixed = Math.imul(word, 0xcc9e2d51)
  mixed = Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593)
  const next = hash ^ mixed
  return (Math.imul((next << 13) | (next >>> 19), 5) + 0xe6546b64) | 0
}
