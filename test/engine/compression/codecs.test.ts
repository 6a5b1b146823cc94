import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codecOf, codecOfTier } from '../../../src/engine/compression/choose.ts'
import { CodecError, OFF_LOOP_SIZE } from '../../../src/engine/compression/codec.ts'
import { rawSizeBound } from '../../../src/engine/compression/zstd.ts'
import { SeededRandom } from '../../../src/platform/seeded-random.ts'

const codecs = [...Object.values(codecOf), codecOfTier.cold]
const text = Buffer.alloc(OFF_LOOP_SIZE * 2 + 100, 'a line of text that repeats; ')

async function attempt(action: () => Promise<Buffer> | Buffer): Promise<unknown> {
  try {
    return await action()
  } catch (error) {
    return error
  }
}

describe.each(codecs)('codec $name', (codec) => {
  it('gives back what it was given', async () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 5000, size: 'max' })
    await fc.assert(
      fc.asyncProperty(bytes, async (array) => {
        const raw = Buffer.from(array)
        const stored = await codec.compress(raw)
        expect((await codec.decompress(stored, raw.length)).equals(raw)).toBe(true)
      }),
    )
  })

  it('gives back large inputs, on the loop and off it', async () => {
    const random = new SeededRandom(1)
    for (const size of [OFF_LOOP_SIZE, OFF_LOOP_SIZE + 1, 1024 * 1024]) {
      for (const raw of [random.bytes(size), Buffer.alloc(size), Buffer.alloc(size, text)]) {
        const stored = await codec.compress(raw)
        expect((await codec.decompress(stored, size)).equals(raw)).toBe(true)
      }
    }
  })

  it('refuses bytes that make more or less than what was recorded', async () => {
    for (const raw of [text.subarray(0, 1000), text]) {
      const stored = await codec.compress(raw)
      for (const size of [0, 1, raw.length - 1, raw.length + 1, raw.length * 2]) {
        const outcome = await attempt(() => codec.decompress(stored, size))
        expect(outcome, `${size}`).toBeInstanceOf(CodecError)
      }
    }
  })

  it('answers nonsense with an error of its own or with the right number of bytes', async () => {
    const raw = text.subarray(0, 2000)
    const stored = await codec.compress(raw)
    const random = new SeededRandom(7)
    for (let round = 0; round < 300; round++) {
      const bytes = Buffer.from(stored)
      bytes[random.below(bytes.length)] = random.next() & 0xff
      const cut = round % 3 === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes
      const outcome = await attempt(() => codec.decompress(cut, raw.length))
      if (outcome instanceof Buffer) expect(outcome.length).toBe(raw.length)
      else expect(outcome).toBeInstanceOf(CodecError)
    }
  })
})

describe('codecs of the tiers', () => {
  it('make the same bytes the smaller, the colder the tier', async () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `${index * 7919} went by; `)
    const raw = Buffer.from(lines.join('')).subarray(0, 256 * 1024)
    const sizes = []
    for (const codec of Object.values(codecOfTier)) sizes.push((await codec.compress(raw)).length)
    expect(sizes.toSorted((one, other) => other - one)).toEqual(sizes)
    expect(new Set(sizes).size).toBe(3)
  })
})

describe('codec lz4', () => {
  it('does not believe the size that the bytes claim', async () => {
    const bomb = Buffer.from(codecOf.lz4.compress(Buffer.alloc(1000)) as Buffer)
    bomb.writeUInt32LE(0xfffffff0, 0)
    expect(await attempt(() => codecOf.lz4.decompress(bomb, 1000))).toBeInstanceOf(CodecError)
  })
})

describe('codec zstd', () => {
  it('counts what a frame can make before it lets it', async () => {
    const raw = Buffer.alloc(1024 * 1024)
    const stored = await codecOf.zstd.compress(raw)
    expect(rawSizeBound(stored)).toBeGreaterThanOrEqual(raw.length)
    expect(rawSizeBound(stored)).toBeLessThanOrEqual(raw.length + 128 * 1024)
    const outcome = await attempt(() => codecOf.zstd.decompress(stored, 1000))
    expect(outcome).toMatchObject({ message: 'zstd frame makes too much' })
  })

  it('knows raw and run-length blocks (RFC 8878 §3.1.1.2)', () => {
    const header = Buffer.from('28b52ffd0000', 'hex')
    const block = (last: number, kind: number, size: number) => {
      const bytes = Buffer.alloc(3)
      bytes.writeUIntLE(last | (kind << 1) | (size << 3), 0, 3)
      return bytes
    }
    const body = Buffer.concat([block(0, 1, 1000), Buffer.of(7), block(1, 0, 2), Buffer.of(1, 2)])
    expect(rawSizeBound(Buffer.concat([header, body]))).toBe(1002)
    expect(rawSizeBound(Buffer.concat([header, body, Buffer.of(0)]))).toBe(Infinity)
    expect(rawSizeBound(header)).toBe(Infinity)
    expect(rawSizeBound(Buffer.from('not zstd at all'))).toBe(Infinity)
  })
})
