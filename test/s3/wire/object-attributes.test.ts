import { describe, expect, it } from 'vitest'
import { parseHeaders } from '../../../src/s3/wire/headers.ts'
import { parseObjectAttributes } from '../../../src/s3/wire/object-attributes.ts'

const attributes = (...rawHeaders: string[]) => parseObjectAttributes(parseHeaders(rawHeaders))

describe('what a client chooses about an object', () => {
  it('is all in its headers', () => {
    const found = attributes(
      ...['Content-Type', 'text/plain', 'Cache-Control', 'no-cache', 'Expires', 'tomorrow'],
      ...['Content-Disposition', 'inline', 'Content-Language', 'de', 'Content-Encoding', 'gzip'],
      ...['x-amz-website-redirect-location', '/other', 'x-amz-storage-class', 'GLACIER'],
      ...['X-Amz-Meta-Color', 'Blue', 'x-amz-tagging', 'a=b', 'x-amz-acl', 'private'],
    )
    expect(found).toEqual({
      headers: {
        contentType: 'text/plain',
        cacheControl: 'no-cache',
        expires: 'tomorrow',
        contentDisposition: 'inline',
        contentLanguage: 'de',
        contentEncoding: 'gzip',
        websiteRedirectLocation: '/other',
      },
      metadata: new Map([['color', 'Blue']]),
      storageClass: 'GLACIER',
      tags: [{ key: 'a', value: 'b' }],
    })
  })

  it('is little when nothing is said', () => {
    expect(attributes()).toEqual({
      headers: {},
      metadata: new Map(),
      storageClass: 'STANDARD',
      tags: [],
    })
  })

  it.each([
    ['aws-chunked', undefined],
    ['AWS-Chunked', undefined],
    ['gzip,aws-chunked', 'gzip'],
    ['aws-chunked, gzip', 'gzip'],
    ['deflate, gzip, aws-chunked', 'deflate, gzip'],
    ['deflate, aws-chunked, gzip', 'deflate, gzip'],
    ['gzip', 'gzip'],
    ['my-aws-chunked', 'my-aws-chunked'],
  ])('Content-Encoding: %s is kept as %s', (value, kept) => {
    expect(attributes('content-encoding', value).headers.contentEncoding).toBe(kept)
  })

  it('refuses an unknown storage class', () => {
    const refused = expect.objectContaining({ code: 'InvalidStorageClass' })
    expect(() => attributes('x-amz-storage-class', 'standard')).toThrow(refused)
    expect(() => attributes('x-amz-storage-class', '')).toThrow(refused)
  })

  // CVE-2015-5245 and its kin: what is kept is echoed as a header some day.
  it.each(['\r', '\n', '\0', '\u007f', '\u2028', '日本'])('refuses %j in a value', (value) => {
    const refused = expect.objectContaining({ code: 'InvalidArgument' })
    for (const name of ['x-amz-meta-a', 'content-type', 'x-amz-website-redirect-location']) {
      expect(() => attributes(name, `a${value}b`)).toThrow(refused)
    }
  })
})

describe('user metadata', () => {
  it('joins what is repeated with a comma, and is not misled by the prototype', () => {
    const { metadata } = attributes(
      ...[
        'x-amz-meta-a',
        '1',
        'X-Amz-Meta-A',
        '2',
        'x-amz-meta-__proto__',
        'x',
        'x-amz-meta-e',
        '',
      ],
    )
    expect([...metadata]).toEqual([
      ['a', '1,2'],
      ['__proto__', 'x'],
      ['e', ''],
    ])
  })

  it.each(['ü', 'a b', 'a:b', 'a\r\nb', 'a\0'])('refuses the name %j', (name) => {
    const refused = expect.objectContaining({ code: 'InvalidArgument' })
    expect(() => attributes(`x-amz-meta-${name}`, 'value')).toThrow(refused)
  })

  it('keeps bytes as they came', () => {
    const utf8 = Buffer.from('à日本').toString('latin1')
    expect(attributes('x-amz-meta-a', utf8).metadata.get('a')).toBe(utf8)
  })

  it('takes 2 KiB of names and values, and no byte more', () => {
    const refused = expect.objectContaining({
      code: 'MetadataTooLarge',
      detail: { MaxSizeAllowed: '2048', Size: '2049' },
    })
    const half = ['x-amz-meta-b', 'b'.repeat(1023)]
    expect(attributes('x-amz-meta-a', 'a'.repeat(1023), ...half).metadata.size).toBe(2)
    expect(() => attributes('x-amz-meta-a', 'a'.repeat(1024), ...half)).toThrow(refused)
    const twice = ['x-amz-meta-a', 'a'.repeat(1022), 'x-amz-meta-a', '']
    expect(attributes(...twice, ...half).metadata.size).toBe(2)
    expect(() => attributes(...twice, 'x-amz-meta-a', '', ...half)).toThrow(refused)
  })
})
