import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  COMMIT_HEADER_SIZE,
  CommitEncoder,
  type CommitItem,
  chainAfter,
  decodeCommit,
} from '../../../src/catalog/journal/commit-record.ts'

const header = {
  firstSequence: 0x0102030405,
  nextSegmentId: 0x11223344,
  committedAt: 1_700_000_000_000,
  chain: Buffer.alloc(32, 0xcc),
  groupStart: 4096,
}

const item: CommitItem = {
  puts: [{ key: Buffer.from('key'), value: Buffer.from('value') }],
  deletes: [Buffer.from('gone')],
  adds: [{ key: Buffer.from('n'), delta: -2 }],
}

function encode(items: readonly CommitItem[]): Buffer {
  const encoder = new CommitEncoder()
  for (const one of items) encoder.add(one)
  return Buffer.from(encoder.finish(header))
}

describe('commit record', () => {
  it('keeps its bytes on disk forever', () => {
    expect(encode([item]).toString('hex')).toBe(
      [
        '0504030201000000', // first sequence
        '01000000', // item count
        '44332211', // next unused segment id
        '0068e5cf8b010000', // committed at
        'cc'.repeat(32), // chain value before
        '00100000', // group start
        '00000000', // reserved
        '2b000000', // size of the rest of the item
        '010000000100000001000000', // put, delete, add count
        '0300050000006b657976616c7565', // put
        '0400676f6e65', // delete
        '0100feffffffffffffff6e', // add
      ].join(''),
    )
  })

  it('has the SHA-256 of its payload for a chain value', () => {
    expect(chainAfter(Buffer.from('abc')).toString('hex')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
  })

  it('survives a round trip', () => {
    const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
    const items = fc.array(
      fc.record({
        puts: fc.array(fc.record({ key: bytes, value: bytes }), { maxLength: 5 }),
        deletes: fc.array(bytes, { maxLength: 3 }),
        adds: fc.array(fc.record({ key: bytes, delta: fc.maxSafeInteger() }), { maxLength: 3 }),
      }),
      { maxLength: 6 },
    )
    fc.assert(
      fc.property(items, (given) => {
        const decoded = decodeCommit(encode(given))
        expect(decoded).toEqual({ ...header, itemCount: given.length, items: given })
      }),
    )
  })

  it('grows with its items, and starts afresh after a reset', () => {
    const encoder = new CommitEncoder()
    const value = Buffer.alloc(100_000, 7)
    const large = { puts: [{ key: Buffer.from('k'), value }], deletes: [], adds: [] }
    encoder.add(item)
    encoder.add(large)
    encoder.add(item)
    expect(encoder.itemCount).toBe(3)
    expect(decodeCommit(encoder.finish(header)).items).toEqual([item, large, item])
    encoder.reset()
    expect([encoder.itemCount, encoder.size]).toEqual([0, COMMIT_HEADER_SIZE])
    expect(decodeCommit(encoder.finish(header)).items).toEqual([])
  })

  it('refuses a payload cut short, or with something behind it', () => {
    const whole = encode([item, item])
    for (let size = 0; size < whole.length; size++) {
      expect(() => decodeCommit(whole.subarray(0, size)), `${size}`).toThrow(
        expect.objectContaining({ kind: 'corruption' }),
      )
    }
    expect(() => decodeCommit(Buffer.concat([whole, Buffer.alloc(1)]))).toThrow(
      expect.objectContaining({ kind: 'corruption' }),
    )
  })

  it('refuses counts that do not fit their item, and reserved bytes that are not zero', () => {
    for (const at of [60, 64, 68, 72, 76, 80]) {
      const damaged = encode([item])
      damaged[at]! += 1
      expect(() => decodeCommit(damaged), `${at}`).toThrow(
        expect.objectContaining({ kind: 'corruption' }),
      )
    }
  })
})
