import { describe, expect, it } from 'vitest'
import { parseHeaders, refuseRepeatedHeaders } from '../../../src/s3/wire/headers.ts'

describe('request headers', () => {
  const headers = parseHeaders(['Host', 'a', 'X-Amz-Meta-A', ' 1 ', 'x-amz-meta-a', '2'])

  it('have lower-case names and untouched values, all of them, in order', () => {
    expect([...headers.entries()]).toEqual([
      ['host', 'a'],
      ['x-amz-meta-a', ' 1 '],
      ['x-amz-meta-a', '2'],
    ])
    expect(headers.get('x-amz-meta-a')).toBe(' 1 ')
    expect(headers.all('x-amz-meta-a')).toEqual([' 1 ', '2'])
    expect(headers.get('range')).toBeNull()
    expect(headers.all('range')).toEqual([])
  })

  // CVE-2026-21710: a header of this name crashed headersDistinct.
  it('cve_2026_21710: are not misled by names of the prototype', () => {
    expect(headers.get('constructor')).toBeNull()
    expect(parseHeaders(['__proto__', 'x']).all('__proto__')).toEqual(['x'])
  })

  it.each([
    'Host',
    'Authorization',
    'X-Amz-Date',
    'X-Amz-Content-SHA256',
    'X-Amz-Copy-Source',
    'X-Amz-Acl',
    'X-Amz-Grant-Read',
    'X-Amz-Expected-Bucket-Owner',
    'Range',
    'Content-Length',
    'Content-MD5',
  ])('may not repeat %s', (name) => {
    const once = parseHeaders([name, 'x'])
    expect(() => refuseRepeatedHeaders(once)).not.toThrow()
    const refused = expect.objectContaining({ code: 'InvalidRequest' })
    expect(() => refuseRepeatedHeaders(parseHeaders([name, 'x', name, 'x']))).toThrow(refused)
  })

  it('may repeat what is a list', () => {
    expect(() => refuseRepeatedHeaders(headers)).not.toThrow()
  })
})
