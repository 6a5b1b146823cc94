import { describe, expect, it } from 'vitest'
import { parseCopySourceRange, parseRange } from '../../../src/s3/wire/range.ts'

const MAX = Number.MAX_SAFE_INTEGER

describe('a Range header', () => {
  it.each([
    ['bytes=0-0', { start: 0, end: 0 }],
    ['bytes=5-9', { start: 5, end: 9 }],
    ['bytes=5-', { start: 5, end: null }],
    ['bytes=-5', { suffix: 5 }],
    ['bytes=-0', { suffix: 0 }],
    ['Bytes=0-1', { start: 0, end: 1 }],
    [`bytes=0-${'9'.repeat(400)}`, { start: 0, end: MAX }],
    [`bytes=-${'9'.repeat(30)}`, { suffix: MAX }],
    ['bytes=9007199254740993-', { start: MAX, end: null }],
  ])('%s is understood', (value, range) => {
    expect(parseRange(value)).toEqual(range)
  })

  it.each([
    null,
    '',
    'bytes',
    'bytes=',
    'bytes=-',
    'bytes=a-b',
    'bytes=1e3-',
    'bytes=--1',
    'bytes=0x0-1',
    'bytes=9-5',
    'bytes=0-0,2-3',
    'bytes=0-1, 5-6',
    'items=0-1',
    'bytes 0-1',
  ])('%s is as good as none', (value) => {
    expect(parseRange(value)).toBeNull()
  })
})

describe('x-amz-copy-source-range', () => {
  it('needs both ends', () => {
    expect(parseCopySourceRange('bytes=0-9')).toEqual({ start: 0, end: 9 })
    expect(parseCopySourceRange(null)).toBeNull()
    for (const value of ['', 'bytes=0-', 'bytes=-5', 'bytes=9-5', '0-9', 'bytes=0-1,3-4']) {
      const refused = expect.objectContaining({ code: 'InvalidArgument' })
      expect(() => parseCopySourceRange(value)).toThrow(refused)
    }
  })
})
