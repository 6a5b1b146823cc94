import { describe, expect, it } from 'vitest'
import { checksumAlgorithms } from '../../../src/model/checksum.ts'
import {
  checksumHeaderName,
  isChecksumValue,
  parseBodyChecksum,
  parseChecksumRequest,
  parseCompleteChecksum,
  parseContentMd5,
  wantsChecksum,
} from '../../../src/s3/wire/checksum-headers.ts'
import { parseHeaders } from '../../../src/s3/wire/headers.ts'

const invalid = expect.objectContaining({ code: 'InvalidRequest' })
const mismatch = expect.objectContaining({ code: 'BadDigest' })
const body = (...rawHeaders: string[]) => parseBodyChecksum(parseHeaders(rawHeaders))
const values = {
  CRC32: 'y/Q5Jg==',
  CRC32C: '4waSgw==',
  CRC64NVME: 'rosUhgp5mIg=',
  SHA1: '98O8HYCOBHMq32eZZczDTKeuNEE=',
  SHA256: 'FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=',
}

describe('the checksum of a body', () => {
  it.each(checksumAlgorithms)(
    'may be %s, in a header or announced for the trailer',
    (algorithm) => {
      const name = checksumHeaderName(algorithm)
      const value = values[algorithm]
      expect(body(name, value)).toEqual({ algorithm, value })
      expect(body(name, value, 'x-amz-sdk-checksum-algorithm', algorithm)).toEqual({
        algorithm,
        value,
      })
      expect(body('x-amz-trailer', name)).toEqual({ algorithm, value: null })
      const named = body(
        'X-Amz-Trailer',
        name.toUpperCase(),
        'x-amz-sdk-checksum-algorithm',
        algorithm,
      )
      expect(named).toEqual({ algorithm, value: null })
    },
  )

  it('may be absent', () => {
    expect(body('content-length', '0')).toBeNull()
    expect(body('x-amz-checksum-mode', 'ENABLED', 'x-amz-checksum-type', 'COMPOSITE')).toBeNull()
  })

  it.each([
    ['too short', ['x-amz-checksum-crc32', 'AAAA']],
    ['too long', ['x-amz-checksum-crc32', values.SHA1]],
    ['empty', ['x-amz-checksum-sha256', '']],
    ['not Base64', ['x-amz-checksum-crc32', '!!!!!!==']],
    ['without padding', ['x-amz-checksum-crc32', 'y/Q5Jg']],
    ['URL-safe Base64', ['x-amz-checksum-crc32', 'y_Q5Jg==']],
    ['of parts', ['x-amz-checksum-crc32', `${values.CRC32}-2`]],
  ])('matches nothing when it is none: %s', (_, rawHeaders) => {
    expect(() => body(...rawHeaders)).toThrow(mismatch)
  })

  it.each([
    ['two of them', ['x-amz-checksum-crc32', values.CRC32, 'x-amz-checksum-sha1', values.SHA1]],
    ['one twice', ['x-amz-checksum-crc32', values.CRC32, 'x-amz-checksum-crc32', values.CRC32]],
    [
      'header and trailer',
      ['x-amz-checksum-crc32', values.CRC32, 'x-amz-trailer', 'x-amz-checksum-crc32'],
    ],
    ['named, not sent', ['x-amz-sdk-checksum-algorithm', 'CRC32']],
    [
      'named as another',
      ['x-amz-sdk-checksum-algorithm', 'SHA1', 'x-amz-checksum-crc32', values.CRC32],
    ],
    [
      'of an unknown name',
      ['x-amz-sdk-checksum-algorithm', 'MD5', 'x-amz-checksum-crc32', values.CRC32],
    ],
    ['by an unknown algorithm', ['x-amz-checksum-sha512', 'AAAA']],
    [
      'by an unknown algorithm too',
      ['x-amz-checksum-crc32', values.CRC32, 'x-amz-checksum-xxhash64', 'AAAAAAAAAAA='],
    ],
    ['in an unknown trailer', ['x-amz-trailer', 'x-amz-meta-a']],
    ['in two trailers', ['x-amz-trailer', 'x-amz-checksum-crc32,x-amz-checksum-sha1']],
  ])('is refused: %s', (_, rawHeaders) => {
    expect(() => body(...rawHeaders)).toThrow(invalid)
  })
})

describe('the checksum of an upload', () => {
  const request = (...rawHeaders: string[]) => parseChecksumRequest(parseHeaders(rawHeaders))

  it.each([
    ['CRC32', undefined, 'COMPOSITE'],
    ['CRC32', 'FULL_OBJECT', 'FULL_OBJECT'],
    ['CRC32C', 'COMPOSITE', 'COMPOSITE'],
    ['CRC64NVME', undefined, 'FULL_OBJECT'],
    ['SHA1', undefined, 'COMPOSITE'],
    ['sha256', 'composite', 'COMPOSITE'],
  ])('%s of type %s is %s', (algorithm, type, expected) => {
    const rawHeaders = ['x-amz-checksum-algorithm', algorithm]
    if (type !== undefined) rawHeaders.push('x-amz-checksum-type', type)
    expect(request(...rawHeaders)).toEqual({ algorithm: algorithm.toUpperCase(), type: expected })
  })

  it.each([
    ['CRC64NVME', 'COMPOSITE'],
    ['SHA1', 'FULL_OBJECT'],
    ['SHA256', 'FULL_OBJECT'],
    ['CRC32', 'OTHER'],
    ['MD5', 'COMPOSITE'],
  ])('%s of type %s is refused', (algorithm, type) => {
    const sent = () => request('x-amz-checksum-algorithm', algorithm, 'x-amz-checksum-type', type)
    expect(sent).toThrow(invalid)
  })

  it('may be absent, but not its algorithm alone', () => {
    expect(request()).toBeNull()
    expect(() => request('x-amz-checksum-type', 'COMPOSITE')).toThrow(invalid)
  })
})

describe('the checksum of a completed upload', () => {
  const complete = (...rawHeaders: string[]) => parseCompleteChecksum(parseHeaders(rawHeaders))

  it('says by its form, or by its type, what it is of', () => {
    expect(complete()).toEqual({ checksum: null, checksumType: null })
    const value = `${values.CRC32}-3`
    expect(complete('x-amz-checksum-crc32', value)).toEqual({
      checksum: { algorithm: 'CRC32', type: 'COMPOSITE', value },
      checksumType: null,
    })
    const rawHeaders = [
      'x-amz-checksum-crc64nvme',
      values.CRC64NVME,
      'x-amz-checksum-type',
      'FULL_OBJECT',
    ]
    expect(complete(...rawHeaders)).toEqual({
      checksum: { algorithm: 'CRC64NVME', type: 'FULL_OBJECT', value: values.CRC64NVME },
      checksumType: 'FULL_OBJECT',
    })
  })

  it.each([`${values.CRC32}-0`, `${values.CRC32}-`, `${values.CRC32}-x`, `${values.CRC32}-100000`])(
    '%s matches nothing',
    (value) => {
      expect(() => complete('x-amz-checksum-crc32', value)).toThrow(mismatch)
    },
  )
})

describe('Content-MD5', () => {
  it('is Base64 of 16 bytes', () => {
    const md5 = parseContentMd5(parseHeaders(['Content-MD5', 'JfnnlDI7RTiF9RgfG2JNCw==']))
    expect(Buffer.from(md5!).toString('hex')).toBe('25f9e794323b453885f5181f1b624d0b')
    expect(parseContentMd5(parseHeaders([]))).toBeNull()
    for (const value of [
      '',
      'YWJyYWNhZGFicmE=',
      'JfnnlDI7RTiF9RgfG2JNCw',
      'rL0Y20zC+Fzt72VPzMSk2A==x',
      '\u00ff',
    ]) {
      const sent = () => parseContentMd5(parseHeaders(['Content-MD5', value]))
      expect(sent).toThrow(expect.objectContaining({ code: 'InvalidDigest' }))
    }
  })
})

it('checksums are answered with when asked for', () => {
  expect(wantsChecksum(parseHeaders(['x-amz-checksum-mode', 'ENABLED']))).toBe(true)
  expect(wantsChecksum(parseHeaders(['x-amz-checksum-mode', 'DISABLED']))).toBe(false)
  expect(wantsChecksum(parseHeaders([]))).toBe(false)
  expect(isChecksumValue('CRC32', values.CRC32)).toBe(true)
  expect(isChecksumValue('SHA1', values.CRC32)).toBe(false)
})
