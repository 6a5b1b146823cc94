/**
 * The CRC of a concatenation from the CRCs of its pieces, without the bytes: appending n bytes
 * multiplies a CRC by x^(8n) modulo the polynomial. All three CRCs are reflected, start from all
 * ones and end inverted, and for those the inversions cancel out.
 * Method: zlib's crc32_combine (M. Adler), here for any width up to 64.
 */
import type { ChecksumAlgorithm } from '../model/checksum.ts'

export type CombinableAlgorithm = Extract<ChecksumAlgorithm, 'CRC32' | 'CRC32C' | 'CRC64NVME'>

/** Reflected: the highest bit stands for x^0. */
interface Polynomial {
  readonly width: 32 | 64
  readonly high: number
  readonly low: number
}

const polynomials = {
  CRC32: { width: 32, high: 0, low: 0xedb88320 },
  CRC32C: { width: 32, high: 0, low: 0x82f63b78 },
  CRC64NVME: { width: 64, high: 0x9a6c9329, low: 0xac4bc9b5 },
} as const satisfies Record<CombinableAlgorithm, Polynomial>

/** A polynomial over GF(2) as two halves; 32-bit CRCs live in `low`. */
interface Bits {
  readonly high: number
  readonly low: number
}

export function isCombinable(algorithm: ChecksumAlgorithm): algorithm is CombinableAlgorithm {
  return algorithm in polynomials
}

/** Folds pieces, in order, into the checksum of all their bytes. */
export class CrcCombiner {
  readonly #polynomial: Polynomial
  readonly #shifts = new Map<number, Bits>()
  #crc: Bits = { high: 0, low: 0 }

  constructor(algorithm: CombinableAlgorithm) {
    this.#polynomial = polynomials[algorithm]
  }

  /** `digest` is the big-endian CRC of the next `size` bytes. */
  append(digest: Buffer, size: number): void {
    const shifted = multiply(this.#polynomial, this.#shift(size), this.#crc)
    const next = bitsOf(this.#polynomial, digest)
    this.#crc = { high: shifted.high ^ next.high, low: shifted.low ^ next.low }
  }

  digest(): Buffer {
    const { width } = this.#polynomial
    const bytes = Buffer.alloc(width / 8)
    if (width === 64) bytes.writeUInt32BE(this.#crc.high >>> 0, 0)
    bytes.writeUInt32BE(this.#crc.low >>> 0, width / 8 - 4)
    return bytes
  }

  /** x^(8·size). Parts of one upload mostly have one size. */
  #shift(size: number): Bits {
    const known = this.#shifts.get(size)
    if (known !== undefined) return known
    const shift = powerOfX(this.#polynomial, size)
    this.#shifts.set(size, shift)
    return shift
  }
}

function bitsOf({ width }: Polynomial, digest: Buffer): Bits {
  return {
    high: width === 64 ? digest.readInt32BE(0) : 0,
    low: digest.readInt32BE(width / 8 - 4),
  }
}

/** x^(8·size) by repeated squaring. */
function powerOfX(polynomial: Polynomial, size: number): Bits {
  let result = xToThe(polynomial, 0)
  let square = xToThe(polynomial, 8)
  for (let left = size; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = multiply(polynomial, square, result)
    square = multiply(polynomial, square, square)
  }
  return result
}

function xToThe({ width }: Polynomial, exponent: number): Bits {
  const bit = width - 1 - exponent
  return bit >= 32 ? { high: (1 << (bit - 32)) | 0, low: 0 } : { high: 0, low: (1 << bit) | 0 }
}

/** a·b modulo the polynomial. */
function multiply({ width, high, low }: Polynomial, a: Bits, b: Bits): Bits {
  let productHigh = 0
  let productLow = 0
  let termHigh = b.high
  let termLow = b.low
  for (let bit = width - 1; bit >= 0; bit--) {
    const isSet = bit >= 32 ? (a.high >>> (bit - 32)) & 1 : (a.low >>> bit) & 1
    if (isSet === 1) {
      productHigh ^= termHigh
      productLow ^= termLow
    }
    // Times x: in reflected form a shift to the right.
    const carry = termLow & 1
    termLow = width === 64 ? (termLow >>> 1) | (termHigh << 31) : termLow >>> 1
    termHigh >>>= 1
    if (carry === 1) {
      termHigh ^= high
      termLow ^= low
    }
  }
  return { high: productHigh, low: productLow }
}
