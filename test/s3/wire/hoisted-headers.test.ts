import { describe, expect, it } from 'vitest'
import { parseHeaders } from '../../../src/s3/wire/headers.ts'
import { hoistHeaders } from '../../../src/s3/wire/hoisted-headers.ts'
import { parseQuery } from '../../../src/s3/wire/query.ts'

const headers = parseHeaders(['Host', 'a', 'x-amz-meta-a', 'header', 'x-amz-acl', 'private'])
const hoist = (query: string) => [...hoistHeaders(headers, parseQuery(query)).entries()]

describe('x-amz-* parameters of a presigned request', () => {
  it('stand for headers, and replace those of their name', () => {
    expect(hoist('X-Amz-Signature=0&X-Amz-Meta-A=query&x-amz-storage-class=GLACIER')).toEqual([
      ['host', 'a'],
      ['x-amz-acl', 'private'],
      ['x-amz-meta-a', 'query'],
      ['x-amz-storage-class', 'GLACIER'],
    ])
  })

  it('are bytes, as headers are', () => {
    const [, , , value] = hoist('X-Amz-Signature=0&x-amz-meta-b=%C3%A9').flat().slice(-4)
    expect(value).toBe('Ã©')
  })

  it('that belong to the signature or to a checksum stand for nothing', () => {
    const query =
      'X-Amz-Signature=0&X-Amz-Date=1&X-Amz-Expires=2&X-Amz-SignedHeaders=host&X-Amz-Credential=c' +
      '&X-Amz-Algorithm=a&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD&X-Amz-Security-Token=t' +
      '&x-amz-checksum-crc32=AAAAAA%3D%3D&x-amz-sdk-checksum-algorithm=CRC32&x-id=PutObject'
    expect(hoistHeaders(headers, parseQuery(query))).toBe(headers)
  })

  it('are mere parameters when nothing is presigned', () => {
    expect(hoistHeaders(headers, parseQuery('x-amz-acl=public-read'))).toBe(headers)
  })
})
