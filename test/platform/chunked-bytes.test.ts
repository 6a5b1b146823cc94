import { describe, expect, it } from 'vitest'
import { ChunkedBytes } from '../../src/platform/chunked-bytes.ts'
import { SeededRandom } from '../../src/platform/seeded-random.ts'

const SIZE_MAX = 200_000

describe('ChunkedBytes', () => {
  it('reads zeros where a short chunk ends before the file does', () => {
    const bytes = new ChunkedBytes()
    bytes.write(Buffer.from('abc'), 0)
    bytes.truncate(1000)
    const target = Buffer.alloc(8, 7)
    expect(bytes.read(target, 500)).toBe(8)
    expect(target.equals(Buffer.alloc(8))).toBe(true)
  })

  it('is what one buffer would be, through writes, cuts and forks', () => {
    for (let seed = 0; seed < 40; seed++) {
      const random = new SeededRandom(seed)
      const copies: { bytes: ChunkedBytes; flat: Buffer }[] = [
        { bytes: new ChunkedBytes(), flat: Buffer.alloc(0) },
      ]
      for (let step = 0; step < 60; step++) {
        const copy = random.pick(copies)
        const drawn = random.below(10)
        if (drawn < 6) {
          const written = random.bytes(random.below(drawn === 0 ? 100_000 : 600))
          const position = random.below(Math.min(SIZE_MAX, copy.flat.length + 2000))
          copy.bytes.write(written, position)
          copy.flat = overwritten(copy.flat, written, position)
        } else if (drawn < 8) {
          const size = random.below(SIZE_MAX)
          copy.bytes.truncate(size)
          copy.flat = Buffer.concat([copy.flat], size)
        } else if (copies.length < 6) copies.push({ bytes: copy.bytes.fork(), flat: copy.flat })
        for (const { bytes, flat } of copies) compare(bytes, flat, random)
      }
    }
  })
})

function overwritten(flat: Buffer, written: Buffer, position: number): Buffer {
  if (written.length === 0) return flat
  const result = Buffer.concat([flat], Math.max(flat.length, position + written.length))
  written.copy(result, position)
  return result
}

function compare(bytes: ChunkedBytes, flat: Buffer, random: SeededRandom): void {
  if (bytes.size !== flat.length) throw new Error(`size ${bytes.size}, not ${flat.length}`)
  const position = random.below(flat.length + 10)
  const target = Buffer.alloc(random.below(80_000), 0xee)
  const size = bytes.read(target, position)
  const expected = flat.subarray(position, position + target.length)
  if (size !== expected.length) throw new Error(`read ${size}, not ${expected.length}`)
  if (!target.subarray(0, size).equals(expected)) throw new Error(`bytes at ${position}`)
}
