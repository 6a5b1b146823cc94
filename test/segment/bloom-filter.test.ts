import { describe, expect, it } from 'vitest'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { SeededRandom } from '../../src/platform/seeded-random.ts'
import {
  BLOOM_BITS_PER_KEY,
  BLOOM_HASH_COUNT,
  BloomFilter,
} from '../../src/segment/bloom-filter.ts'
import { IndexBuilder } from '../../src/segment/index-builder.ts'
import type { Segments } from '../../src/segment/segments.ts'
import type { Place, RecordHeader, RecordKey } from '../../src/segment/types.ts'
import { appendAll, openSegments } from './fixture.ts'

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

  // Records of a full segment of 256 MiB: chunks of large bodies, of 64 KiB, of 4 KiB, tiny ones.
  it.each([256, 4000, 60_000, 1_000_000])(
    'fits 100 million chunks into 150 MB, in segments of %i records',
    (recordCount) => {
      const builder = new IndexBuilder()
      for (let index = 0; index < recordCount; index++) {
        builder.add(headerOf({ segment: 1, offset: 128 + index * 64 }))
      }
      const filterSize = builder.bloom().bits.length
      expect(filterSize * Math.ceil(100_000_000 / recordCount)).toBeLessThanOrEqual(150_000_000)
    },
  )

  it('comes from the footer at a start, without a look at the records', async () => {
    const fs = new MemoryFileSystem({ simulate: true })
    const segments = await openSegments(fs)
    const writer = segments.createWriter({ kind: 'data' })
    const places = appendAll(
      writer,
      Array.from({ length: 3000 }, () => Buffer.alloc(1000)),
    )
    await writer.seal()
    await segments[Symbol.asyncDispose]()
    let readSize = 0
    fs.intercept(({ operation, length = 0 }) => {
      if (operation === 'read') readSize += length
      return null
    })
    const next = await openSegments(fs)
    expect(readSize).toBeGreaterThan(3000)
    expect(readSize).toBeLessThan(10_000)
    const held = places.filter((blob) => next.mayHold(1, { blob, number: 0 }))
    expect(held).toHaveLength(3000)
    const rate = falsePositives(next, 20_000) / 20_000
    expect(rate).toBeLessThan(theory * 1.2)
    expect(readSize).toBeLessThan(10_000)
    fs.intercept(null)
  })
})

function falsePositives(segments: Segments, count: number): number {
  let found = 0
  for (let index = 0; index < count; index++) {
    if (segments.mayHold(1, key(2, 128 + index * 8, 0))) found += 1
  }
  return found
}

function headerOf(place: Place): RecordHeader {
  return {
    kind: 'chunk',
    codec: 'none',
    place,
    blob: place,
    number: 0,
    rawSize: 0,
    storedSize: 0,
    payloadCrc: 0,
    durableEnd: 0,
  }
}
