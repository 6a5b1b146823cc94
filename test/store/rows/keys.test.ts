import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BucketName } from '../../../src/model/bucket-name.ts'
import { KEY_SIZE_MAX } from '../../../src/model/object-key.ts'
import { groupedSize, readGrouped, writeGrouped } from '../../../src/store/rows/grouped-key.ts'
import * as keys from '../../../src/store/rows/keys.ts'

const uploadId = Buffer.from('0123456789abcdef0123456789abcdef', 'hex')
const versionId = Buffer.from('00000000000001f48899aabbccddeeff', 'hex')
const place = { segment: 0x01020304, offset: 0x05060708 }
const names = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes))
/** From the catalog's contract. */
const CATALOG_KEY_SIZE_MAX = 1900

describe('keys', () => {
  it('keep their bytes for ever', () => {
    const hex = (key: Buffer) => key.toString('hex')
    expect(hex(keys.bucketKey('ab' as BucketName))).toBe('626162')
    expect(hex(keys.counterKey(258, 'storedBytes'))).toBe('630000010273')
    expect(hex(keys.removedBucketKey(258))).toBe('6400000102')
    expect(hex(keys.garbageKey(9, place))).toBe('67000000090102030405060708')
    expect(hex(keys.historyKey(258, Buffer.from('abc'), versionId))).toBe(
      '6800000102616263000000000004fffffffffffffe0b',
    )
    expect(hex(keys.stackKey(258, 'é'))).toBe('7600000102c3a9')
    expect(hex(keys.nextBucketKey)).toBe('69')
    expect(hex(keys.partChangeKey(uploadId))).toBe(`6b${hex(uploadId)}`)
    expect(hex(keys.partListKey(place, 2 ** 40 + 1))).toBe('6c01020304050607080000010000000001')
    expect(hex(keys.objectKey(258, 'é'))).toBe('6f00000102c3a9')
    expect(hex(keys.partKey(uploadId, 10_000))).toBe(`70${hex(uploadId)}2710`)
    expect(hex(keys.referenceKey(place))).toBe('720102030405060708')
    expect(hex(keys.lineageKey(258))).toBe('7300000102')
    expect(hex(keys.pendingMoveKey(258, 'é'))).toBe('7400000102c3a9')
    expect(hex(keys.counterKey(258, 'warmBytes'))).toBe('630000010277')
    expect(hex(keys.counterKey(258, 'warmStoredBytes'))).toBe('630000010257')
    expect(hex(keys.counterKey(258, 'coldBytes'))).toBe('630000010263')
    expect(hex(keys.counterKey(258, 'coldStoredBytes'))).toBe('630000010243')
    expect(hex(keys.uploadKey(258, Buffer.from('abc'), uploadId))).toBe(
      `7500000102616263000000000004${hex(uploadId)}`,
    )
  })

  it('say what they were made of', () => {
    const pending = keys.pendingMoveKey(7, 'a/b')
    expect(keys.objectOfPendingMove(pending).equals(keys.objectKey(7, 'a/b'))).toBe(true)
    const upload = keys.uploadKey(1, Buffer.from('a\0b'), uploadId)
    expect(keys.nameOfUpload(upload).toString()).toBe('a\0b')
    expect(keys.uploadIdOfUpload(upload)).toEqual(uploadId)
    const version = keys.historyKey(1, Buffer.from('a\0b'), versionId)
    expect(keys.nameOfHistory(version).toString()).toBe('a\0b')
    expect(keys.nameOfObject(keys.objectKey(1, 'x')).toString()).toBe('x')
    expect(keys.bucketOfKey(keys.bucketKey('pots'))).toBe('pots')
    expect(keys.partNumberOfPart(keys.partKey(uploadId, 77))).toBe(77)
    expect(keys.startOfPartList(keys.partListKey(place, 2 ** 45 + 3))).toBe(2 ** 45 + 3)
    expect(keys.segmentOfLineage(keys.lineageKey(5))).toBe(5)
    expect(keys.segmentOfGarbage(keys.garbageKey(5, place))).toBe(5)
    expect(keys.blobOfGarbage(keys.garbageKey(5, place))).toEqual(place)
    expect(keys.bucketIdOfRemoved(keys.removedBucketKey(5))).toBe(5)
  })

  it('fit the catalog, whatever the name', () => {
    for (const fill of [0, 255]) {
      const name = Buffer.alloc(KEY_SIZE_MAX, fill)
      const size = keys.uploadKey(1, name, uploadId).length
      expect(size).toBeLessThanOrEqual(CATALOG_KEY_SIZE_MAX)
      const older = keys.historyKey(1, name, versionId).length
      expect(older).toBeLessThanOrEqual(CATALOG_KEY_SIZE_MAX)
    }
  })
})

describe('the keys of older versions', () => {
  it('sort by name, and from the newest on', () => {
    const id = (number: number) => Buffer.from(number.toString(16).padStart(32, '0'), 'hex')
    const of = (name: string, version: Buffer) => keys.historyKey(1, Buffer.from(name), version)
    const zero = Buffer.alloc(16)
    const numbers = [2 ** 52, 70_000, 256, 255, 1].map((number) => {
      const version = Buffer.alloc(16)
      version.writeBigUInt64BE(BigInt(number))
      return version
    })
    const sorted = ['', 'a', 'a\0', 'abcdefgh', 'b'].flatMap((name) =>
      [...numbers, zero].map((version) => of(name, version)),
    )
    for (let index = 1; index < sorted.length; index++) {
      expect(Buffer.compare(sorted[index - 1]!, sorted[index]!)).toBe(-1)
    }
    // Chance is no part of the order, nor of the key.
    expect(of('a', id(1))).toEqual(of('a', id(2)))
  })
})

describe('grouped names', () => {
  it('come back whole', () => {
    fc.assert(
      fc.property(names, (name) => {
        expect(readGrouped(grouped(name))).toEqual(name)
      }),
    )
  })

  it('sort as the names do, whatever follows them', () => {
    const tail = fc.uint8Array({ minLength: 16, maxLength: 16 })
    fc.assert(
      fc.property(names, names, tail, tail, (one, other, oneTail, otherTail) => {
        fc.pre(!one.equals(other))
        const order = Buffer.compare(one, other)
        const left = Buffer.concat([grouped(one), oneTail])
        expect(Buffer.compare(left, Buffer.concat([grouped(other), otherTail]))).toBe(order)
      }),
      { numRuns: 500 },
    )
  })

  it('sort right where names are prefixes of each other or differ in zero bytes', () => {
    const tricky = ['', '\0', '\0\0', 'a', 'a\0', 'a\0\0b', 'a\x01', 'abcdefg', 'abcdefg\0']
    const more = ['abcdefgh', 'abcdefgh\0', 'abcdefghi', 'b']
    const sorted = [...tricky, ...more].map((name) => grouped(Buffer.from(name)))
    for (let index = 1; index < sorted.length; index++) {
      expect(Buffer.compare(sorted[index - 1]!, sorted[index]!)).toBe(-1)
    }
  })
})

describe('successor', () => {
  it('is the first that does not begin with the prefix', () => {
    expect(keys.successor(Buffer.from([1, 2]))).toEqual(Buffer.from([1, 3]))
    expect(keys.successor(Buffer.from([1, 255, 255]))).toEqual(Buffer.from([2]))
    expect(() => keys.successor(Buffer.from([255]))).toThrow('no successor')
  })

  it('bounds exactly the names with the prefix', () => {
    const prefix = names.filter((bytes) => bytes.some((byte) => byte !== 255))
    fc.assert(
      fc.property(prefix, names, (bytes, name) => {
        const isWithin =
          Buffer.compare(name, bytes) >= 0 && Buffer.compare(name, keys.successor(bytes)) < 0
        expect(isWithin).toBe(name.subarray(0, bytes.length).equals(bytes))
      }),
      { numRuns: 500 },
    )
  })
})

function grouped(name: Buffer): Buffer {
  const target = Buffer.alloc(groupedSize(name.length), 0xee)
  writeGrouped(name, target, 0)
  return target
}
