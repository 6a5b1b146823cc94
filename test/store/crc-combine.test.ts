import { crc32 } from 'node:zlib'
import { crc32c } from '@node-rs/crc32'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CombinableAlgorithm, CrcCombiner, isCombinable } from '../../src/store/crc-combine.ts'
import { Crc64Pool } from '../../src/store/crc64-pool.ts'

const pool = await Crc64Pool.open()
const direct: Record<CombinableAlgorithm, (bytes: Buffer) => Buffer> = {
  CRC32: (bytes) => bigEndian(crc32(bytes)),
  CRC32C: (bytes) => bigEndian(crc32c(bytes)),
  CRC64NVME: (bytes) => pool.digest(bytes),
}
const algorithms = Object.keys(direct) as CombinableAlgorithm[]

describe.each(algorithms)('combining %s', { timeout: 60_000 }, (algorithm) => {
  it('gives the checksum of the concatenation, whatever the pieces', () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 300 }).map(Buffer.from), { maxLength: 8 })
    fc.assert(
      fc.property(pieces, (parts) => {
        const combiner = new CrcCombiner(algorithm)
        for (const part of parts) combiner.append(direct[algorithm](part), part.length)
        expect(combiner.digest()).toEqual(direct[algorithm](Buffer.concat(parts)))
      }),
      { numRuns: 200 },
    )
  })

  it('holds for pieces of megabytes', () => {
    const parts = [5_242_880, 7_000_001, 1].map((size) => Buffer.alloc(size, size & 0xff))
    const combiner = new CrcCombiner(algorithm)
    for (const part of parts) combiner.append(direct[algorithm](part), part.length)
    expect(combiner.digest()).toEqual(direct[algorithm](Buffer.concat(parts)))
  })

  // Zeros appended n at a time or all at once are the same bytes: no memory is needed to check.
  it('holds for sizes beyond 32 bits', () => {
    const gibibyte = 2 ** 30
    const zeros = new CrcCombiner(algorithm)
    const seed = direct[algorithm](Buffer.alloc(1024))
    for (let count = 0; count < 1024; count++) zeros.append(seed, 1024)
    const mebibyte = zeros.digest()
    const once = new CrcCombiner(algorithm)
    for (let count = 0; count < 1024; count++) once.append(mebibyte, 2 ** 20)
    const oneGibibyte = once.digest()
    const five = new CrcCombiner(algorithm)
    for (let count = 0; count < 5; count++) five.append(oneGibibyte, gibibyte)
    const split = new CrcCombiner(algorithm)
    split.append(oneGibibyte, gibibyte)
    const four = new CrcCombiner(algorithm)
    for (let count = 0; count < 4; count++) four.append(oneGibibyte, gibibyte)
    split.append(four.digest(), 4 * gibibyte)
    expect(split.digest()).toEqual(five.digest())
  })
})

it('is possible for CRCs only', () => {
  expect(isCombinable('CRC64NVME')).toBe(true)
  expect(isCombinable('SHA1')).toBe(false)
  expect(isCombinable('SHA256')).toBe(false)
})

function bigEndian(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
