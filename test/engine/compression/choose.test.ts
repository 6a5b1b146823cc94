import { describe, expect, it, vi } from 'vitest'
import {
  codecOf,
  codecOfTier,
  compressChunk,
  compressSmall,
} from '../../../src/engine/compression/choose.ts'
import type { Codec } from '../../../src/engine/compression/codec.ts'
import { SeededRandom } from '../../../src/platform/seeded-random.ts'

const random = new SeededRandom(1)

describe('choice of compression', () => {
  it.each([200, 4096, 100_000, 1024 * 1024])('stores %i random bytes as they are', async (size) => {
    const raw = random.bytes(size)
    const { codec, payload } = await compressChunk(raw, codecOf.lz4)
    expect(codec).toBe('none')
    expect(payload).toBe(raw)
  })

  it.each([200, 4096, 100_000, 1024 * 1024])('compresses %i bytes that repeat', async (size) => {
    const raw = Buffer.alloc(size, 'repetition ')
    const { codec, payload } = await compressChunk(raw, codecOf.lz4)
    expect(codec).toBe('lz4')
    expect(payload.length).toBeLessThan(size / 2)
  })

  it('does not compress what saves less than a sixteenth', () => {
    const raw = random.bytes(4096)
    raw.fill(0, 0, 200)
    expect(compressSmall(raw).codec).toBe('none')
    raw.fill(0, 0, 400)
    expect(compressSmall(raw).codec).toBe('lz4')
  })

  it('leaves tiny bytes alone', () => {
    expect(compressSmall(Buffer.alloc(127)).codec).toBe('none')
    expect(compressSmall(Buffer.alloc(128)).codec).toBe('lz4')
  })

  it('tries a sample first: incompressible chunks never reach the codec', async () => {
    let calls = 0
    const counting: Codec = {
      ...codecOf.lz4,
      compress: (raw) => {
        calls += 1
        return codecOf.lz4.compress(raw)
      },
    }
    await compressChunk(random.bytes(1024 * 1024), counting)
    expect(calls).toBe(0)
    const mixed = random.bytes(1024 * 1024)
    mixed.fill(0, 512 * 1024 - 8192, 512 * 1024 + 8192)
    await compressChunk(mixed, counting)
    expect(calls).toBe(1)
  })

  it.each(['warm', 'cold'] as const)('does not try Zstd on random bytes: %s', async (tier) => {
    const compress = vi.spyOn(codecOf.zstd, 'compress')
    const raw = random.bytes(1024 * 1024)
    expect((await compressChunk(raw, codecOfTier[tier])).codec).toBe('none')
    expect(compress).not.toHaveBeenCalled()
    // As evenly spread, and the same again and again.
    const repeated = Buffer.alloc(1024 * 1024, raw.subarray(0, 1024))
    expect((await compressChunk(repeated, codecOfTier[tier])).codec).toBe('zstd')
    vi.restoreAllMocks()
  })

  it('can be told to compress nothing', async () => {
    const raw = Buffer.alloc(100_000)
    const { codec, payload } = await compressChunk(raw, codecOf.none)
    expect(codec).toBe('none')
    expect(payload).toBe(raw)
  })

  it('works with Zstd', async () => {
    const raw = Buffer.alloc(100_000, 'repetition ')
    const { codec, payload } = await compressChunk(raw, codecOf.zstd)
    expect(codec).toBe('zstd')
    expect((await codecOf.zstd.decompress(payload, raw.length)).equals(raw)).toBe(true)
  })

  it('asks the codec itself: letters without repetition are for Zstd alone', async () => {
    const letters = Buffer.from(random.bytes(100_000).map((byte) => 97 + (byte & 15)))
    expect((await compressChunk(letters, codecOf.lz4)).codec).toBe('none')
    const { codec, payload } = await compressChunk(letters, codecOfTier.cold)
    expect(codec).toBe('zstd')
    expect(payload.length).toBeLessThan(60_000)
    expect((await compressChunk(random.bytes(100_000), codecOfTier.warm)).codec).toBe('none')
  })

  it('does not even try small bytes that are spread evenly, and tries all that are not', () => {
    let triedCount = 0
    for (let round = 0; round < 200; round++) {
      const raw = random.bytes(1000 + round * 100)
      if (compressSmall(raw).codec !== 'none') triedCount += 1
    }
    expect(triedCount).toBe(0)
    for (const [size, filler] of [
      [200, 'a word '],
      [4000, '{"name":"value","other":12}'],
      [30_000, '\0\0\0\x01'],
    ] as const) {
      expect(compressSmall(Buffer.alloc(size, filler)).codec).toBe('lz4')
    }
    // A tenth of it is zeros: the least that pays.
    const mixed = random.bytes(20_000)
    mixed.fill(0, 9000, 11_500)
    expect(compressSmall(mixed).codec).toBe('lz4')
  })
})
