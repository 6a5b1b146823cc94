import { describe, expect, it } from 'vitest'
import {
  parseLimit,
  parsePartNumber,
  parsePartNumberMarker,
} from '../../../src/s3/wire/integer-parameter.ts'
import { parseQuery } from '../../../src/s3/wire/query.ts'

const refused = expect.objectContaining({ code: 'InvalidArgument' })

describe('max-keys and its kin', () => {
  it.each([
    ['', 1000],
    ['max-keys=', 1000],
    ['max-keys=0', 0],
    ['max-keys=7', 7],
    ['max-keys=007', 7],
    ['max-keys=1000', 1000],
    ['max-keys=1001', 1000],
    ['max-keys=2147483647', 1000],
  ])('%j is %d', (query, limit) => {
    expect(parseLimit(parseQuery(query), 'max-keys')).toBe(limit)
  })

  it.each([
    '-1',
    '2147483648',
    '9'.repeat(30),
    'blah',
    '1.5',
    '1e2',
    '0x1',
    ' 1',
    '+1',
    '%31x',
    'NaN',
  ])('%s is refused', (value) => {
    expect(() => parseLimit(parseQuery(`max-keys=${value}`), 'max-keys')).toThrow(refused)
    const marker = parseQuery(`part-number-marker=${value}`)
    expect(() => parsePartNumberMarker(marker)).toThrow(refused)
  })
})

describe('part numbers', () => {
  it('are 1 … 10000, or absent', () => {
    expect(parsePartNumber(parseQuery(''))).toBeNull()
    expect(parsePartNumber(parseQuery('partNumber=1'))).toBe(1)
    expect(parsePartNumber(parseQuery('partNumber=10000'))).toBe(10_000)
    expect(parsePartNumberMarker(parseQuery(''))).toBe(0)
    expect(parsePartNumberMarker(parseQuery('part-number-marker=3'))).toBe(3)
  })

  it.each(['', '0', '-1', '10001', 'one', '1.0', '9'.repeat(20)])('%j is refused', (value) => {
    expect(() => parsePartNumber(parseQuery(`partNumber=${value}`))).toThrow(refused)
  })
})
