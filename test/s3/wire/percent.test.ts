import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodePercent, encodePath, encodePercent } from '../../../src/s3/wire/percent.ts'

const text = fc.string({ unit: 'binary', maxLength: 40 })

/** Every byte as an escape, or where it may stand for itself, perhaps as itself. */
function overEscaped(value: string, bits: number): string {
  let escaped = ''
  let index = 0
  for (const byte of Buffer.from(value)) {
    const isPlain = byte !== 0x25 && ((bits >> (index++ % 31)) & 1) === 1
    const hex = byte.toString(16).padStart(2, '0')
    escaped += isPlain ? String.fromCharCode(byte) : `%${index % 2 ? hex : hex.toUpperCase()}`
  }
  return escaped
}

describe('percent-decoding', () => {
  it('undoes encoding, exactly once', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(decodePercent(encodePercent(value))).toBe(value)
        expect(decodePercent(encodePath(value))).toBe(value)
        expect(decodePercent(encodePercent(encodePercent(value)))).toBe(encodePercent(value))
      }),
    )
  })

  it('gives one text for every spelling of the same bytes', () => {
    fc.assert(
      fc.property(text, fc.nat(), (value, bits) => {
        expect(decodePercent(overEscaped(value, bits))).toBe(value)
      }),
    )
  })

  it('agrees with decodeURIComponent on all that it takes', () => {
    const escapes = fc
      .array(fc.oneof(fc.constantFrom('%', '%2', '%25', '%C3', '%A9', '%ED', '%F0', 'a', '+', '/')))
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(escapes, (value) => {
        let expected: string | null = null
        try {
          expected = decodeURIComponent(value)
        } catch {}
        if (expected === null) expect(() => decodePercent(value)).toThrow()
        else expect(decodePercent(value)).toBe(expected)
      }),
    )
  })

  it.each([
    '%',
    'a%2',
    '%zz',
    '%2g',
    '%%41',
    '%C3', // a letter cut in half
    '%C0%AF', // '/' in two bytes
    '%E0%80%AF', // and in three
    '%ED%A0%80', // half of a surrogate pair
    '%F4%90%80%80', // beyond Unicode
    '%FF',
    'caf\u00e9', // latin1
    '\u0141', // no byte at all
  ])('refuses %j', (value) => {
    expect(() => decodePercent(value)).toThrow(expect.objectContaining({ code: 'InvalidURI' }))
  })

  it('takes a plus sign, NUL and unescaped UTF-8 as they are', () => {
    expect(decodePercent('a+b%00%0a')).toBe('a+b\0\n')
    expect(decodePercent(Buffer.from('é/日本').toString('latin1'))).toBe('é/日本')
  })
})

describe('percent-encoding', () => {
  it('leaves RFC 3986 unreserved characters alone, and nothing else', () => {
    const all = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code))
    const kept = all.filter((character) => encodePercent(character) === character).join('')
    expect(kept).toBe('-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~')
    expect(encodePercent("!'()*/ ")).toBe('%21%27%28%29%2A%2F%20')
    expect(encodePath('a/b c//é')).toBe('a/b%20c//%C3%A9')
  })
})
