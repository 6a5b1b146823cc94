import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeEnd,
  decodePage,
  encodeEnd,
  PageEncoder,
} from '../../../src/catalog/snapshot/snapshot-record.ts'

const end = {
  position: {
    sequence: 0x0102030405,
    segment: 7,
    recordOffset: 128,
    offset: 256,
    chain: Buffer.alloc(32, 0xcc),
    commitSize: 99,
  },
  entryCount: 3,
  nextSegmentId: 9,
}

describe('snapshot end', () => {
  it('keeps its bytes on disk forever', () => {
    expect(encodeEnd(end).toString('hex')).toBe(
      [
        '0504030201000000', // sequence
        '0300000000000000', // entry count
        '6300000000000000', // commit size
        'cc'.repeat(32), // chain value
        '09000000', // next unused segment id
        '07000000', // journal segment
        '80000000', // offset of the commit record
        '00010000', // offset after it
      ].join(''),
    )
    expect(decodeEnd(encodeEnd(end))).toEqual(end)
  })

  it('refuses another size', () => {
    expect(() => decodeEnd(Buffer.alloc(71))).toThrow(
      expect.objectContaining({ kind: 'corruption' }),
    )
  })
})

describe('snapshot page', () => {
  it('keeps its bytes on disk forever', () => {
    const encoder = new PageEncoder(100)
    encoder.add({ key: Buffer.from('key'), value: Buffer.from('value') })
    encoder.add({ key: Buffer.from('l'), value: Buffer.from('') })
    expect(encoder.page().toString('hex')).toBe('0300050000006b657976616c75650100000000006c')
  })

  it('survives a round trip, page after page, with entries larger than a page', () => {
    const bytes = fc.uint8Array({ maxLength: 90 }).map((array) => Buffer.from(array))
    fc.assert(
      fc.property(fc.array(fc.record({ key: bytes, value: bytes })), (entries) => {
        const encoder = new PageEncoder(100)
        const found: unknown[] = []
        const drain = () => {
          found.push(...decodePage(Buffer.from(encoder.page())))
          encoder.reset()
        }
        for (const entry of entries) {
          if (!encoder.fits(entry)) drain()
          encoder.add(entry)
        }
        drain()
        expect(found).toEqual(entries)
      }),
    )
  })

  it('refuses a page cut short', () => {
    const encoder = new PageEncoder(100)
    encoder.add({ key: Buffer.from('key'), value: Buffer.from('value') })
    for (let size = 1; size < encoder.page().length; size++) {
      expect(() => decodePage(encoder.page().subarray(0, size))).toThrow(
        expect.objectContaining({ kind: 'corruption' }),
      )
    }
  })
})
