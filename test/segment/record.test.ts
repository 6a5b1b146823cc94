import { crc32c } from '@node-rs/crc32'
import { describe, expect, it } from 'vitest'
import {
  decodeRecordHeader,
  encodeRecordHeader,
  payloadVerifies,
  RECORD_HEADER_SIZE,
} from '../../src/segment/record.ts'
import { type RecordHeader, recordSpan } from '../../src/segment/types.ts'

const nonce = 0xdeadbeef
const header: RecordHeader = {
  kind: 'recipe',
  codec: 'zstd',
  place: { segment: 0x01020304, offset: 0x1000 },
  blob: { segment: 3, offset: 128 },
  number: 0xffffffff,
  rawSize: 300,
  storedSize: 200,
  payloadCrc: 0xcafebabe,
  durableEnd: 0x0f00,
}
const home = { nonce, segment: 0x01020304, offset: 0x1000 }

const golden =
  '56524543' +
  '01' +
  '02' +
  '02' +
  '00' +
  '04030201' +
  '00100000' +
  '0300000080000000' +
  'ffffffff' +
  '2c010000' +
  'c8000000' +
  'bebafeca' +
  '000f0000' +
  '2aadd806'

function encoded(at = 0): Buffer {
  const bytes = Buffer.alloc(at + RECORD_HEADER_SIZE)
  encodeRecordHeader(header, nonce, { bytes, at })
  return bytes
}

describe('record header', () => {
  it('survives a round trip, wherever in a buffer it lies', () => {
    expect(decodeRecordHeader(encoded(), 0, home)).toEqual(header)
    expect(decodeRecordHeader(encoded(24), 24, home)).toEqual(header)
  })

  it('keeps its bytes on disk for ever', () => {
    expect(encoded().toString('hex')).toBe(golden)
  })

  it('refuses any single flipped bit', () => {
    for (let bit = 0; bit < RECORD_HEADER_SIZE * 8; bit++) {
      const bytes = encoded()
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(decodeRecordHeader(bytes, 0, home), `bit ${bit}`).toHaveProperty('damaged')
    }
  })

  it('verifies only in its own file and place', () => {
    const bytes = encoded()
    const other = (change: Partial<typeof home>) =>
      decodeRecordHeader(bytes, 0, { ...home, ...change })
    expect(other({ nonce: 1 })).toEqual({ damaged: 'record header crc' })
    expect(other({ segment: 5 })).toEqual({ damaged: 'record segment id' })
    expect(other({ offset: 8 })).toEqual({ damaged: 'record offset' })
    expect(decodeRecordHeader(bytes.subarray(1), 0, home)).toHaveProperty('damaged')
  })

  it('names what a header with a fitting CRC may still not say', () => {
    const change = (offset: number, value: number) => {
      const bytes = encoded()
      bytes[offset] = value
      bytes.writeUInt32LE(crc32c(bytes.subarray(0, 44), nonce), 44)
      return decodeRecordHeader(bytes, 0, home)
    }
    expect(change(4, 2)).toEqual({ damaged: 'record version' })
    expect(change(5, 8)).toEqual({ damaged: 'record kind' })
    expect(change(6, 3)).toEqual({ damaged: 'record codec' })
    expect(change(7, 1)).toEqual({ damaged: 'record reserved byte' })
  })

  it('vouches for the payload', () => {
    const payload = Buffer.from('payload')
    const of = { ...header, storedSize: 7, payloadCrc: crc32c(payload) }
    expect(payloadVerifies(of, payload)).toBe(true)
    expect(payloadVerifies(of, payload.subarray(1))).toBe(false)
    expect(payloadVerifies(of, Buffer.from('paYload'))).toBe(false)
  })

  it('takes a multiple of 8 in its file', () => {
    expect([0, 1, 8, 9].map(recordSpan)).toEqual([48, 56, 56, 64])
    expect(recordSpan(0x7fffffff)).toBeGreaterThan(0x7fffffff)
  })
})
