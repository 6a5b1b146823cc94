import { describe, expect, it } from 'vitest'
import {
  parseCopySourceConditions,
  parseReadConditions,
  parseWriteConditions,
} from '../../../src/s3/wire/conditions.ts'
import { parseEtag, parseEtagList } from '../../../src/s3/wire/etag.ts'
import { parseHeaders } from '../../../src/s3/wire/headers.ts'

describe('entity tags', () => {
  it.each([
    ['"abc"', 'abc'],
    ['abc', 'abc'],
    ['W/"abc"', 'abc'],
    [' "abc" ', 'abc'],
    ['""', ''],
    ['"', '"'],
    ['*', '*'],
  ])('%j is %j', (text, etag) => {
    expect(parseEtag(text)).toBe(etag)
  })

  it.each([
    ['"a"', ['a']],
    ['"a", "b"', ['a', 'b']],
    ['"a","b",c,W/"d"', ['a', 'b', 'c', 'd']],
    ['"a,b", c', ['a,b', 'c']],
    ['*', ['*']],
    ['', []],
    [' , ,', []],
    ['"a', ['"a']],
    ['"a", "b', ['a', '"b']],
  ])('the list %j is %j', (text, etags) => {
    expect(parseEtagList(text)).toEqual(etags)
  })

  it('takes no time to refuse a long list of nonsense', () => {
    const startedAt = performance.now()
    for (const text of [
      '"'.repeat(16_000),
      ' "'.repeat(8_000),
      'W/'.repeat(8_000),
      ' '.repeat(16_000),
    ]) {
      parseEtagList(text)
    }
    expect(performance.now() - startedAt).toBeLessThan(200)
  })
})

describe('conditions of a read', () => {
  const headers = parseHeaders([
    ...['If-Match', '"a", b', 'if-match', 'c'],
    ...['If-None-Match', '*'],
    ...['If-Modified-Since', 'Fri, 24 May 2013 00:00:00 GMT'],
    ...['If-Unmodified-Since', 'not a date'],
    ...['x-amz-copy-source-if-none-match', '"z"'],
    ...['x-amz-copy-source-if-unmodified-since', 'Friday, 24-May-13 00:00:00 GMT'],
  ])

  it('are what its headers say, a broken date being none', () => {
    expect(parseReadConditions(headers)).toEqual({
      ifMatch: ['a', 'b', 'c'],
      ifNoneMatch: ['*'],
      ifModifiedSince: Date.UTC(2013, 4, 24),
    })
    expect(parseReadConditions(parseHeaders([]))).toEqual({})
  })

  it('of the source of a copy have names of their own', () => {
    expect(parseCopySourceConditions(headers)).toEqual({
      ifNoneMatch: ['z'],
      ifUnmodifiedSince: Date.UTC(2013, 4, 24),
    })
  })
})

describe('conditions of a write', () => {
  it.each([
    [['if-none-match', '*'], { ifNoneMatch: '*' }],
    [['if-match', '"abc"'], { ifMatch: 'abc' }],
    [['if-match', 'abc'], { ifMatch: 'abc' }],
    [[], {}],
  ])('%j are %j', (rawHeaders, conditions) => {
    expect(parseWriteConditions(parseHeaders(rawHeaders))).toEqual(conditions)
  })

  it.each(['"a", "b"', '', ','])('may not be the list %j', (value) => {
    const refused = expect.objectContaining({ code: 'NotImplemented' })
    expect(() => parseWriteConditions(parseHeaders(['if-match', value]))).toThrow(refused)
  })
})
