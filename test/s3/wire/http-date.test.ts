import { describe, expect, it } from 'vitest'
import { formatHttpDate, parseHttpDate } from '../../../src/s3/wire/http-date.ts'

const TIME = Date.UTC(1994, 10, 6, 8, 49, 37)

describe('HTTP dates', () => {
  it.each([
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 08:49:37 +0000',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
  ])('%s is understood', (text) => {
    expect(parseHttpDate(text)).toBe(TIME)
  })

  it('are written as IMF-fixdate', () => {
    expect(formatHttpDate(TIME + 999)).toBe('Sun, 06 Nov 1994 08:49:37 GMT')
  })

  it.each([
    '',
    '1994',
    '1994-11-06T08:49:37Z',
    '784111777',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:49:37 GMT',
    'Sun, 06 Nov 1994 08:60:37 GMT',
    'Sun, 31 Feb 1994 08:49:37 GMT',
    'Sun, 06 Nix 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 08:49:37 EST',
    'Sun, 06 Nov 1994 08:49:37 GMT and more',
  ])('%j is none', (text) => {
    expect(parseHttpDate(text)).toBeNull()
  })
})
