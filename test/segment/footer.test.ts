import { describe, expect, it } from 'vitest'
import {
  decodeFooter,
  decodeTrailer,
  encodeFooter,
  encodeTrailer,
  type Footer,
  hasTrailerMagic,
  TRAILER_SIZE,
} from '../../src/segment/footer.ts'

const footer: Footer = {
  dataEnd: 0x1000,
  recordCount: 3,
  rawSize: 2 ** 33,
  storedSize: 0x0f80,
  fence: Buffer.from('01000000800000000000000000100000', 'hex'),
  bloomBits: Buffer.from('62184210ae062108', 'hex'),
  bloomHashCount: 7,
  sequence: 9,
  chain: Buffer.alloc(32, 0xc4),
}

const goldenFooter =
  '00100000' +
  '03000000' +
  '0000000002000000' +
  '800f000000000000' +
  '01000000' +
  '40000000' +
  '07000000' +
  '00000000' +
  '0900000000000000' +
  'c4'.repeat(32) +
  '01000000800000000000000000100000' +
  '62184210ae062108'

describe('footer', () => {
  it('survives a round trip', () => {
    expect(decodeFooter(encodeFooter(footer))).toEqual(footer)
    const empty = { ...footer, fence: Buffer.alloc(0), bloomBits: Buffer.alloc(0) }
    expect(decodeFooter(encodeFooter(empty))).toEqual(empty)
  })

  it('keeps its bytes on disk for ever', () => {
    expect(encodeFooter(footer).toString('hex')).toBe(goldenFooter)
  })

  it('refuses sizes that do not add up', () => {
    const change = (offset: number, value: number) => {
      const bytes = encodeFooter(footer)
      bytes[offset] = value
      return decodeFooter(bytes)
    }
    expect(change(24, 2)).toEqual({ damaged: 'footer size' })
    expect(change(28, 1)).toEqual({ damaged: 'footer Bloom bit count' })
    expect(change(28, 128)).toEqual({ damaged: 'footer size' })
    expect(change(36, 1)).toEqual({ damaged: 'footer reserved bytes' })
    expect(decodeFooter(Buffer.alloc(79))).toEqual({ damaged: 'footer is cut short' })
  })

  it('does not hold on to the bytes it was read from', () => {
    const bytes = encodeFooter(footer)
    const decoded = decodeFooter(bytes)
    bytes.fill(0)
    expect(decoded).toEqual(footer)
  })
})

describe('trailer', () => {
  const trailer = { segment: 0x01020304, footerOffset: 0x2000 }
  const golden = `5641525645454e44010000000403020100200000${'00'.repeat(8)}4cde3842`

  it('survives a round trip', () => {
    expect(decodeTrailer(encodeTrailer(trailer))).toEqual(trailer)
    expect(hasTrailerMagic(encodeTrailer(trailer))).toBe(true)
  })

  it('keeps its bytes on disk for ever', () => {
    expect(encodeTrailer(trailer).toString('hex')).toBe(golden)
  })

  it('refuses any single flipped bit', () => {
    for (let bit = 0; bit < TRAILER_SIZE * 8; bit++) {
      const bytes = encodeTrailer(trailer)
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(decodeTrailer(bytes), `bit ${bit}`).toHaveProperty('damaged')
    }
  })

  it('is not there in a shorter file', () => {
    expect(decodeTrailer(Buffer.alloc(31))).toHaveProperty('damaged')
    expect(hasTrailerMagic(Buffer.alloc(0))).toBe(false)
  })
})
