import { describe, expect, it } from 'vitest'
import { formatAmzDate, parseAmzDate } from '../../../src/s3/auth/amz-date.ts'

describe('x-amz-date', () => {
  it('survives a round trip', () => {
    for (const text of ['20130524T000000Z', '20240229T235959Z', '19700101T000000Z']) {
      expect(formatAmzDate(parseAmzDate(text)!)).toBe(text)
    }
    expect(parseAmzDate('20130524T010203Z')).toBe(Date.UTC(2013, 4, 24, 1, 2, 3))
  })

  it.each([
    '',
    '20130524',
    '2013-05-24T00:00:00Z',
    '20130524T000000',
    '20130524T000000z',
    '20131324T000000Z',
    '20130024T000000Z',
    '20130229T000000Z',
    '20130431T000000Z',
    '20130500T000000Z',
    '20130524T240000Z',
    '20130524T006000Z',
    '20130524T000060Z',
    ' 20130524T000000Z',
  ])('%j is none', (text) => {
    expect(parseAmzDate(text)).toBeNull()
  })
})
