import type { Random } from './random.ts'

/**
 * Repeatable randomness for simulations: the same seed gives the same run. xoshiro128** of Blackman
 * and Vigna, seeded by splitmix32. Never a source of secrets.
 */
export class SeededRandom implements Random {
  #a: number
  #b: number
  #c: number
  #d: number

  constructor(seed: number) {
    let state = seed | 0
    const split = () => {
      state = (state + 0x9e3779b9) | 0
      let mixed = state ^ (state >>> 16)
      mixed = Math.imul(mixed, 0x21f0aaad)
      mixed ^= mixed >>> 15
      mixed = Math.imul(mixed, 0x735a2d97)
      return mixed ^ (mixed >>> 15)
    }
    this.#a = split()
    this.#b = split()
    this.#c = split()
    this.#d = split() | 1
  }

  /** An unsigned 32-bit integer. */
  next(): number {
    const scrambled = Math.imul(this.#b, 5)
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0
    const shifted = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= shifted
    this.#d = (this.#d << 11) | (this.#d >>> 21)
    return result
  }

  /** An integer 0 … limit-1. */
  below(limit: number): number {
    return Math.floor((this.next() / 0x100000000) * limit)
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.next() < probability * 0x100000000
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)]
    if (item === undefined) throw new RangeError('nothing to pick from')
    return item
  }

  bytes(size: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(size)
    let offset = 0
    for (; offset + 4 <= size; offset += 4) bytes.writeUInt32LE(this.next(), offset)
    for (; offset < size; offset++) bytes[offset] = this.next()
    return bytes
  }
}
