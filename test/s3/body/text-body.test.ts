import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { PayloadMode } from '../../../src/s3/auth/payload-mode.ts'
import type { VerifiedRequest } from '../../../src/s3/auth/verify.ts'
import { textBody } from '../../../src/s3/body/text-body.ts'
import { pieces, s3Request } from '../support/s3-request.ts'

const DOCUMENT = '123456789'

function verified(payload: PayloadMode): VerifiedRequest {
  return {
    principal: { kind: 'root', accessKey: 'x' },
    mode: 'header',
    payload,
    chunkSigning: null,
  }
}

function read(
  body: readonly (string | Uint8Array)[],
  options: {
    readonly headers?: readonly (readonly [string, string])[]
    readonly payload?: PayloadMode
    readonly sizeMax?: number
  } = {},
): Promise<string> {
  const size = body.reduce((sum, piece) => sum + piece.length, 0)
  const headers = options.headers ?? [['content-length', String(size)]]
  const request = s3Request({
    method: 'POST',
    target: '/bucket?delete',
    headers,
    body: pieces(...body),
  })
  const payload = options.payload ?? { kind: 'unsigned' }
  return textBody(request, verified(payload), options.sizeMax ?? 1000)
}

const sized = (name: string, value: string) =>
  ({
    headers: [
      ['content-length', '9'],
      [name, value],
    ],
  }) as const

describe('a document', () => {
  it('is read whole', async () => {
    expect(await read(['123', '456789'])).toBe(DOCUMENT)
    expect(await read([Buffer.from('<a>ü</a>')])).toBe('<a>ü</a>')
  })

  it('is empty when there is no body', async () => {
    expect(await read([], { headers: [] })).toBe('')
  })

  it('of more than the limit is refused before it is read, or as soon as it is seen', async () => {
    const code = { code: 'MaxMessageLengthExceeded' }
    await expect(read([DOCUMENT], { sizeMax: 8 })).rejects.toMatchObject(code)
    const chunked = { headers: [['transfer-encoding', 'chunked']], sizeMax: 8 } as const
    await expect(read(['1234', '5678', '9'], chunked)).rejects.toMatchObject(code)
    expect(await read([DOCUMENT], { sizeMax: 9 })).toBe(DOCUMENT)
  })

  it('must be UTF-8', async () => {
    await expect(read([Buffer.from([0x3c, 0xff])])).rejects.toMatchObject({ code: 'MalformedXML' })
  })

  it('must have the digest its signature covers', async () => {
    const digest = createHash('sha256').update(DOCUMENT).digest('hex')
    expect(await read([DOCUMENT], { payload: { kind: 'sha256', digest } })).toBe(DOCUMENT)
    const other = read(['123456780'], { payload: { kind: 'sha256', digest } })
    await expect(other).rejects.toMatchObject({ code: 'XAmzContentSHA256Mismatch' })
  })

  it.each([
    ['content-md5', 'JfnnlDI7RTiF9RgfG2JNCw=='],
    // The check values of these CRCs, of the digits 1 … 9 (Catalogue of parametrised CRC
    // algorithms).
    ['x-amz-checksum-crc32', Buffer.from('cbf43926', 'hex').toString('base64')],
    ['x-amz-checksum-crc32c', Buffer.from('e3069283', 'hex').toString('base64')],
    ['x-amz-checksum-crc64nvme', Buffer.from('ae8b14860a799888', 'hex').toString('base64')],
    ['x-amz-checksum-sha1', '98O8HYCOBHMq32eZZczDTKeuNEE='],
    ['x-amz-checksum-sha256', 'FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU='],
  ])('must have its %s', async (name, value) => {
    expect(await read([DOCUMENT], sized(name, value))).toBe(DOCUMENT)
    const other = read(['123456780'], sized(name, value))
    await expect(other).rejects.toMatchObject({ code: 'BadDigest' })
  })

  it('may come in frames with a trailing checksum', async () => {
    const headers = [
      ['content-length', '63'],
      ['x-amz-decoded-content-length', '9'],
      ['x-amz-trailer', 'x-amz-checksum-crc32'],
    ] as const
    const payload = { kind: 'unsigned-chunks' } as const
    const framed = (value: string) =>
      `9\r\n${DOCUMENT}\r\n0\r\nx-amz-checksum-crc32:${value}\r\n\r\n`
    expect(await read([framed('y/Q5Jg==')], { headers, payload })).toBe(DOCUMENT)
    const wrong = read([framed('y/Q5Jw==')], { headers, payload })
    await expect(wrong).rejects.toMatchObject({ code: 'BadDigest' })
  })
})
