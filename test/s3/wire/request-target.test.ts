import { describe, expect, it } from 'vitest'
import { parseRequestTarget } from '../../../src/s3/wire/request-target.ts'

describe('the target of a request line', () => {
  it.each([
    ['/', '/', '', null],
    ['/a/b?c=d?e', '/a/b', 'c=d?e', null],
    ['/a?', '/a', '', null],
    ['//a', '//a', '', null],
    ['/http://b/c', '/http://b/c', '', null],
    ['http://host:9000/a?b', '/a', 'b', 'host:9000'],
    ['HTTPS://host', '/', '', 'host'],
    ['http://host?a', '/', 'a', 'host'],
  ])('%s', (target, rawPath, rawQuery, authority) => {
    expect(parseRequestTarget(target)).toEqual({ rawPath, rawQuery, authority })
  })

  it.each(['', '*', 'host:443', 'a/b', 'ftp://host/a', '?a', '/a#b'])('%j is none', (target) => {
    const refused = expect.objectContaining({ code: 'InvalidURI' })
    expect(() => parseRequestTarget(target)).toThrow(refused)
  })
})
