import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../src/platform/seeded-random.ts'
import {
  BLOOM_BITS_PER_KEY,
  BLOOM_HASH_COUNT,
  BloomFilter,
} from '../../src/segment/bloom-filter.ts'
import type { RecordKey } from '../../src/segment/types.ts'

function key(segment: number, offset: number, number: number): RecordKey {
  return { blob: { segment, offset }, number }
}

/** Of 100,000 keys that were not added, the share that the filter lets through. */
function falsePositiveRate(filter: BloomFilter, absent: (index: number) => RecordKey): number {
  let count = 0
  for (let index = 0; index < 100_000; index++) if (filter.mayHold(absent(index))) count += 1
  return count / 100_000
}

const theory = (1 - Math.exp(-BLOOM_HASH_COUNT / BLOOM_BITS_PER_KEY)) ** BLOOM_HASH_COUNT

describe('Bloom filter', () => {
  // Computed by an implementation in Python, checked against MurmurHash3's published vectors.
  it('keeps its bits on disk for ever', () => {
    const filter = BloomFilter.sized(3)
    filter.add(key(1, 128, 0))
    filter.add(key(1, 128, 0xffffffff))
    filter.add(key(7, 4096, 3))
    expect(Buffer.from(filter.bits).toString('hex')).toBe('62184210ae062108')
  })

  it('never denies a key that was added', () => {
    const filter = BloomFilter.sized(10_000)
    const random = new SeededRandom(1)
    const keys = Array.from({ length: 10_000 }, () =>
      key(random.next(), random.next(), random.next()),
    )
    for (const each of keys) filter.add(each)
    expect(keys.every((each) => filter.mayHold(each))).toBe(true)
  })

  it('denies everything when it is empty', () => {
    const filter = BloomFilter.sized(0)
    expect(filter.bitCount).toBe(0)
    expect(filter.mayHold(key(1, 1, 1))).toBe(false)
  })

  it('is as precise as theory says, on random keys', () => {
    const filter = BloomFilter.sized(60_000)
    const random = new SeededRandom(2)
    for (let index = 0; index < 60_000; index++) filter.add(key(1, random.next(), 0))
    const rate = falsePositiveRate(filter, () => key(2, random.next(), 0))
    expect(rate).toBeGreaterThan(theory * 0.8)
    expect(rate).toBeLessThan(theory * 1.2)
  })

  // The keys there really are: offsets are multiples of 8 and near each other.
  it.each([
    ['blobs of one chunk', (index: number) => key(9, 128 + index * 4152, 0)],
    ['the chunks of one large blob', (index: number) => key(9, 128, index)],
    [
      'small blobs of many segments',
      (index: number) => key(index >> 4, 128 + (index & 15) * 64, 0),
    ],
  ])('is as precise as theory says, on %s', (_, keyAt) => {
    const filter = BloomFilter.sized(60_000)
    for (let index = 0; index < 60_000; index++) filter.add(keyAt(index))
    const rate = falsePositiveRate(filter, (index) => keyAt(100_000 + index))
    expect(rate).toBeGreaterThan(theory * 0.8)
    expect(rate).toBeLessThan(theory * 1.2)
  })

  it('fits 100 million chunks into 150 MB', () => {
    expect((100_000_000 * BLOOM_BITS_PER_KEY) / 8).toBeLessThanOrEqual(150_000_000)
  })
})
