import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { PayloadMode } from '../../../src/s3/auth/payload-mode.ts'
import type { VerifiedRequest } from '../../../src/s3/auth/verify.ts'
import { BODY_SIZE_MAX, objectBody } from '../../../src/s3/body/object-body.ts'
import { S3Error } from '../../../src/s3/errors.ts'
import { pieces, readAll, s3Request } from '../support/s3-request.ts'

const CONTENT = 'some content'
const SIZE = ['content-length', String(CONTENT.length)] as const
const UNSIGNED: PayloadMode = { kind: 'unsigned' }
const CHUNKED: PayloadMode = { kind: 'unsigned-chunks' }

type Headers = readonly (readonly [string, string])[]

function request(headers: Headers, ...body: string[]) {
  return s3Request({ method: 'PUT', target: '/bucket/key', headers, body: pieces(...body) })
}

function verified(payload: PayloadMode): VerifiedRequest {
  return {
    principal: { kind: 'root', accessKey: 'x' },
    mode: 'header',
    payload,
    chunkSigning: null,
  }
}

function sha256(text: string): PayloadMode {
  return { kind: 'sha256', digest: createHash('sha256').update(text).digest('hex') }
}

function refusal(headers: Headers, payload: PayloadMode): string {
  try {
    objectBody(request(headers), verified(payload))
  } catch (error) {
    if (error instanceof S3Error) return error.code
    throw error
  }
  return 'accepted'
}

describe('a body that is not framed', () => {
  it('passes as it is', async () => {
    const body = objectBody(request([SIZE], 'some ', 'content'), verified(UNSIGNED))
    expect(body).toMatchObject({ size: 12, contentMd5: null, checksum: null })
    expect((await readAll(body.stream)).toString()).toBe(CONTENT)
  })

  it('has no size when HTTP sends it chunked', async () => {
    const chunked = request([['transfer-encoding', 'chunked']], CONTENT)
    const body = objectBody(chunked, verified(sha256(CONTENT)))
    expect(body.size).toBeNull()
    expect((await readAll(body.stream)).toString()).toBe(CONTENT)
  })

  it('is refused when its digest differs, even by the last byte', async () => {
    const good = objectBody(request([SIZE], CONTENT), verified(sha256(CONTENT)))
    expect((await readAll(good.stream)).toString()).toBe(CONTENT)
    const bad = objectBody(request([SIZE], 'some', ' contenu'), verified(sha256(CONTENT)))
    await expect(readAll(bad.stream)).rejects.toMatchObject({
      code: 'XAmzContentSHA256Mismatch',
      detail: { ClientComputedContentSHA256: createHash('sha256').update(CONTENT).digest('hex') },
    })
  })

  it('is refused when it is shorter or longer than Content-Length', async () => {
    for (const text of ['some', 'some content and more']) {
      const body = objectBody(request([SIZE], text), verified(UNSIGNED))
      await expect(readAll(body.stream)).rejects.toMatchObject({ code: 'IncompleteBody' })
    }
  })

  it('gives its digests for the store to compare', () => {
    const headers: Headers = [
      SIZE,
      ['content-md5', 'XUFAKrxLKna5cZ2REBfFkg=='],
      ['x-amz-checksum-sha1', '2jmj7l5rSw0yVb/vlWAYkK/YBwk='],
    ]
    const body = objectBody(request(headers), verified(UNSIGNED))
    expect(Buffer.from(body.contentMd5!).toString('hex')).toBe('5d41402abc4b2a76b9719d911017c592')
    expect(body.checksum?.algorithm).toBe('SHA1')
    expect(body.checksum?.expected()).toBe('2jmj7l5rSw0yVb/vlWAYkK/YBwk=')
  })
})

describe('before a byte of the body is read', () => {
  it.each([
    ['neither Content-Length nor chunks', [], UNSIGNED, 'MissingContentLength'],
    [
      'aws-chunked without either',
      [['x-amz-decoded-content-length', '1']],
      CHUNKED,
      'MissingContentLength',
    ],
    ['aws-chunked without its decoded size', [SIZE], CHUNKED, 'MissingContentLength'],
    [
      'an empty decoded size',
      [SIZE, ['x-amz-decoded-content-length', '']],
      CHUNKED,
      'MissingContentLength',
    ],
    [
      'a decoded size of nonsense',
      [SIZE, ['x-amz-decoded-content-length', '0x1']],
      CHUNKED,
      'InvalidArgument',
    ],
    [
      'a negative decoded size',
      [SIZE, ['x-amz-decoded-content-length', '-1']],
      CHUNKED,
      'InvalidArgument',
    ],
    ['a negative size', [['content-length', '-1']], UNSIGNED, 'InvalidArgument'],
    ['an empty size', [['content-length', '']], UNSIGNED, 'InvalidArgument'],
    [
      'more than 5 GiB',
      [['content-length', String(BODY_SIZE_MAX + 1)]],
      UNSIGNED,
      'EntityTooLarge',
    ],
    [
      'more than 5 GiB decoded',
      [SIZE, ['x-amz-decoded-content-length', String(BODY_SIZE_MAX + 1)]],
      CHUNKED,
      'EntityTooLarge',
    ],
    ['a Content-MD5 that is none', [SIZE, ['content-md5', 'AAAA']], UNSIGNED, 'InvalidDigest'],
    ['an empty Content-MD5', [SIZE, ['content-md5', '']], UNSIGNED, 'InvalidDigest'],
    [
      'two checksums',
      [SIZE, ['x-amz-checksum-crc32', 'AAAAAA=='], ['x-amz-checksum-crc32c', 'AAAAAA==']],
      UNSIGNED,
      'InvalidRequest',
    ],
    ['a checksum that is none', [SIZE, ['x-amz-checksum-crc32', 'AAAA']], UNSIGNED, 'BadDigest'],
    [
      'a trailer without framing',
      [SIZE, ['x-amz-trailer', 'x-amz-checksum-crc32']],
      UNSIGNED,
      'InvalidRequest',
    ],
    [
      'a trailer where the mode speaks of none',
      [SIZE, ['x-amz-decoded-content-length', '1'], ['x-amz-trailer', 'x-amz-checksum-crc32']],
      { kind: 'signed-chunks', hasTrailer: false },
      'InvalidRequest',
    ],
    [
      'framing that the payload mode does not tell',
      [SIZE, ['x-amz-decoded-content-length', '1']],
      UNSIGNED,
      'InvalidRequest',
    ],
    ['exactly 5 GiB', [['content-length', String(BODY_SIZE_MAX)]], UNSIGNED, 'accepted'],
  ] as [string, Headers, PayloadMode, string][])('%s: %s', (_, headers, payload, code) => {
    expect(refusal(headers, payload)).toBe(code)
  })
})

describe('a framed body with a trailing checksum', () => {
  const headers: Headers = [
    ['content-length', '57'],
    ['x-amz-decoded-content-length', '5'],
    ['x-amz-trailer', 'x-amz-checksum-crc32'],
    ['x-amz-sdk-checksum-algorithm', 'CRC32'],
  ]

  it('knows the checksum after its end, and not before', async () => {
    const framed = request(headers, '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n')
    const body = objectBody(framed, verified(CHUNKED))
    expect(body.size).toBe(5)
    expect(body.checksum?.algorithm).toBe('CRC32')
    expect(body.checksum?.expected()).toBeNull()
    expect((await readAll(body.stream)).toString()).toBe('hello')
    expect(body.checksum?.expected()).toBe('NhCmhg==')
  })

  it('is refused when the checksum is none', async () => {
    const framed = request(headers, '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCm\r\n\r\n')
    const body = objectBody(framed, verified(CHUNKED))
    await expect(readAll(body.stream)).rejects.toMatchObject({ code: 'InvalidRequest' })
  })
})
