import { crc32c } from '@node-rs/crc32'
import { describe, expect, it } from 'vitest'
import {
  decodeSegmentHeader,
  encodeSegmentHeader,
  SEGMENT_HEADER_SIZE,
  type SegmentHeader,
} from '../../src/segment/segment-header.ts'

const header: SegmentHeader = {
  kind: 'journal',
  tier: 'warm',
  id: 0x01020304,
  storeId: Buffer.from('00112233445566778899aabbccddeeff', 'hex'),
  nonce: 0xdeadbeef,
  lane: 5,
  createdAt: 1_700_000_000_000,
  previousSegment: 7,
  previousEnd: 4096,
  firstSequence: 2 ** 40 + 1,
  chain: Buffer.alloc(32, 0xab),
}

const golden =
  '5641525645534547' +
  '0100' +
  '02' +
  '01' +
  '04030201' +
  '00112233445566778899aabbccddeeff' +
  'efbeadde' +
  '05000000' +
  '0068e5cf8b010000' +
  '07000000' +
  '00100000' +
  '0100000000010000' +
  'ab'.repeat(32) +
  '00'.repeat(28) +
  '2279ad18'

/** Bytes as given, with a CRC that fits them. */
function withCrc(bytes: Buffer): Buffer {
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, 124)), 124)
  return bytes
}

describe('segment header', () => {
  it('survives a round trip', () => {
    expect(decodeSegmentHeader(encodeSegmentHeader(header))).toEqual(header)
  })

  it('keeps its bytes on disk for ever', () => {
    expect(encodeSegmentHeader(header).toString('hex')).toBe(golden)
  })

  it('refuses any single flipped bit', () => {
    for (let bit = 0; bit < SEGMENT_HEADER_SIZE * 8; bit++) {
      const bytes = encodeSegmentHeader(header)
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(decodeSegmentHeader(bytes), `bit ${bit}`).toHaveProperty('damaged')
    }
  })

  it('names what a header with a fitting CRC may still not say', () => {
    const change = (offset: number, value: number) => {
      const bytes = encodeSegmentHeader(header)
      bytes[offset] = value
      return decodeSegmentHeader(withCrc(bytes))
    }
    expect(change(8, 2)).toEqual({ damaged: 'format version' })
    expect(change(10, 9)).toEqual({ damaged: 'kind' })
    expect(change(11, 3)).toEqual({ damaged: 'tier' })
    expect(change(100, 1)).toEqual({ damaged: 'reserved bytes' })
    expect(decodeSegmentHeader(Buffer.alloc(127))).toEqual({ damaged: 'header is cut short' })
  })
})
