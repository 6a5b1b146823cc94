import { createHash } from 'node:crypto'
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { type ChunkedRequest, chunkedModes, sendChunked } from '../harness/aws-chunked.ts'
import { checksum, checksumNames } from '../harness/checksums.ts'
import { pseudoRandomBytes, useServer } from '../harness/fixture.ts'
import type { WireReply } from '../harness/wire.ts'

const varve = useServer()
const data = pseudoRandomBytes(70_000, 5)
const old = Buffer.from('what was there before')

/** A bucket whose key `k` holds `old`: a refused write must leave it. */
async function target(): Promise<string> {
  const bucket = await varve.bucket()
  await varve.sdk.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: old }))
  return `/${bucket}/k`
}

async function expectStored(path: string, body: Uint8Array): Promise<WireReply> {
  const headers = { 'x-amz-checksum-mode': 'ENABLED' }
  const reply = await varve.wire.send({ method: 'GET', path, headers })
  expect(reply.body.equals(body)).toBe(true)
  return reply
}

async function expectRefused(path: string, reply: WireReply, status: number, code: string) {
  expect([reply.status, reply.code]).toEqual([status, code])
  await expectStored(path, old)
}

describe('Content-MD5', () => {
  const md5 = (body: Uint8Array) => createHash('md5').update(body).digest('base64')

  it('that matches', async () => {
    const path = await target()
    const headers = { 'content-md5': md5(data) }
    expect((await varve.wire.send({ method: 'PUT', path, body: data, headers })).status).toBe(200)
    await expectStored(path, data)
  })

  it.each([
    ['does not match', md5(Buffer.from('other')), 'BadDigest'],
    ['is too short', Buffer.alloc(15).toString('base64'), 'InvalidDigest'],
    ['is hex', createHash('md5').update(data).digest('hex'), 'InvalidDigest'],
    ['is empty', '', 'InvalidDigest'],
    ['is nonsense', '!!!!', 'InvalidDigest'],
  ])('that %s', async (_, value, code) => {
    const path = await target()
    const headers = { 'content-md5': value }
    const reply = await varve.wire.send({ method: 'PUT', path, body: data, headers })
    await expectRefused(path, reply, 400, code)
  })
})

describe.each(checksumNames)('x-amz-checksum-%s', (name) => {
  const header = `x-amz-checksum-${name}`
  const value = checksum(name, data)

  it('in a header is checked, kept, and given back when asked', async () => {
    const path = await target()
    const headers = { [header]: value, 'x-amz-sdk-checksum-algorithm': name.toUpperCase() }
    const put = await varve.wire.send({ method: 'PUT', path, body: data, headers })
    expect([put.status, put.headers[header]]).toEqual([200, value])
    const reply = await expectStored(path, data)
    expect(reply.headers[header]).toBe(value)
    expect(reply.headers['x-amz-checksum-type']).toBe('FULL_OBJECT')
    const silent = await varve.wire.send({ method: 'HEAD', path })
    expect(silent.headers[header]).toBeUndefined()
    const range = { 'x-amz-checksum-mode': 'ENABLED', range: 'bytes=0-9' }
    const part = await varve.wire.send({ method: 'GET', path, headers: range })
    expect(part.headers[header]).toBeUndefined()
  })

  it('that does not match', async () => {
    const path = await target()
    const headers = { [header]: checksum(name, old) }
    const reply = await varve.wire.send({ method: 'PUT', path, body: data, headers })
    await expectRefused(path, reply, 400, 'BadDigest')
  })

  it.each(['', 'AAAA', '!!!', 'x'.repeat(200)])('that is no checksum: %j', async (bad) => {
    const path = await target()
    const headers = { [header]: bad }
    const reply = await varve.wire.send({ method: 'PUT', path, body: data, headers })
    await expectRefused(path, reply, 400, 'BadDigest')
  })

  const trailerModes = chunkedModes.filter((mode) => mode.endsWith('TRAILER'))
  it.each(trailerModes.flatMap((mode) => [true, false].map((has) => [mode, has] as const)))(
    'in a trailer of %s, Content-Length: %s',
    async (mode, hasLength) => {
      const path = await target()
      const chunked: ChunkedRequest = {
        method: 'PUT',
        path,
        mode,
        data,
        chunkSize: 16_384,
        trailer: [header, value],
        hasLength,
      }
      const put = await sendChunked(varve.wire, chunked)
      expect([put.status, put.code]).toEqual([200, null])
      const reply = await expectStored(path, data)
      expect(reply.headers[header]).toBe(value)
      expect(reply.headers['content-encoding']).toBeUndefined()

      const wrong = { ...chunked, trailer: [header, checksum(name, old)] as const }
      const other = await target()
      const refused = await sendChunked(varve.wire, { ...wrong, path: other })
      await expectRefused(other, refused, 400, 'BadDigest')
    },
  )

  it('is what the SDK sends and understands', async () => {
    const Bucket = await varve.bucket()
    const ChecksumAlgorithm = name.toUpperCase() as 'CRC32'
    await varve.sdk.send(new PutObjectCommand({ Bucket, Key: 'k', Body: data, ChecksumAlgorithm }))
    const reply = await varve.sdk.send(
      new GetObjectCommand({ Bucket, Key: 'k', ChecksumMode: 'ENABLED' }),
    )
    expect(Buffer.from((await reply.Body?.transformToByteArray()) ?? []).equals(data)).toBe(true)
    expect(Object.values(reply)).toContain(value)
  })
})

describe('Checksums', () => {
  it('that nobody sent are CRC64NVME', async () => {
    const path = await target()
    await varve.wire.send({ method: 'PUT', path, body: data })
    const reply = await expectStored(path, data)
    expect(reply.headers['x-amz-checksum-crc64nvme']).toBe(checksum('crc64nvme', data))
    expect(reply.headers['x-amz-checksum-type']).toBe('FULL_OBJECT')
  })

  it('of two kinds at once are refused', async () => {
    const path = await target()
    const headers = {
      'x-amz-checksum-crc32': checksum('crc32', data),
      'x-amz-checksum-sha1': checksum('sha1', data),
    }
    const reply = await varve.wire.send({ method: 'PUT', path, body: data, headers })
    await expectRefused(path, reply, 400, 'InvalidRequest')
  })

  it('of a kind that cannot be checked here are refused', async () => {
    const path = await target()
    const headers = { 'x-amz-checksum-sha512': checksum('sha256', data) }
    const reply = await varve.wire.send({ method: 'PUT', path, body: data, headers })
    await expectRefused(path, reply, 400, 'InvalidRequest')
  })

  it('of an empty object', async () => {
    const path = await target()
    const headers = { 'x-amz-checksum-crc32': 'AAAAAA==' }
    const body = Buffer.alloc(0)
    expect((await varve.wire.send({ method: 'PUT', path, body, headers })).status).toBe(200)
    const reply = await expectStored(path, body)
    expect(reply.headers['x-amz-checksum-crc32']).toBe('AAAAAA==')
  })

  it('follow a copy', async () => {
    const path = await target()
    const headers = { 'x-amz-checksum-sha256': checksum('sha256', data) }
    await varve.wire.send({ method: 'PUT', path, body: data, headers })
    const copy = { 'x-amz-copy-source': path }
    await varve.wire.send({ method: 'PUT', path: `${path}2`, headers: copy })
    const reply = await expectStored(`${path}2`, data)
    expect(reply.headers['x-amz-checksum-sha256']).toBe(checksum('sha256', data))
  })

  it('change with a copy that asks for another', async () => {
    const path = await target()
    const headers = { 'x-amz-copy-source': path, 'x-amz-checksum-algorithm': 'SHA1' }
    await varve.wire.send({ method: 'PUT', path: `${path}2`, headers })
    const reply = await expectStored(`${path}2`, old)
    expect(reply.headers['x-amz-checksum-sha1']).toBe(checksum('sha1', old))
  })
})

describe('x-amz-content-sha256', () => {
  it.each([
    ['the hash', createHash('sha256').update(data).digest('hex')],
    ['UNSIGNED-PAYLOAD', 'UNSIGNED-PAYLOAD'],
  ])('%s', async (_, payloadHash) => {
    const path = await target()
    const reply = await varve.wire.send({ method: 'PUT', path, body: data, payloadHash })
    expect(reply.status).toBe(200)
    await expectStored(path, data)
  })

  it('another hash', async () => {
    const path = await target()
    const payloadHash = createHash('sha256').update('other').digest('hex')
    const reply = await varve.wire.send({ method: 'PUT', path, body: data, payloadHash })
    await expectRefused(path, reply, 400, 'XAmzContentSHA256Mismatch')
  })

  it.each(['', 'UNSIGNED', 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD', 'A'.repeat(64)])(
    'that is none of the modes: %j',
    async (payloadHash) => {
      const path = await target()
      const reply = await varve.wire.send({ method: 'PUT', path, body: data, payloadHash })
      expect(reply.status).toBe(400)
      await expectStored(path, old)
    },
  )

  it('missing', async () => {
    const path = await target()
    const reply = await varve.wire.send({ method: 'PUT', path, body: data, payloadHash: null })
    expect([400, 403]).toContain(reply.status)
    await expectStored(path, old)
  })
})

describe.each(chunkedModes)('%s', (mode) => {
  const trailer = mode.endsWith('TRAILER')
    ? ({ trailer: ['x-amz-checksum-crc32', checksum('crc32', data)] } as const)
    : {}
  const request = async (more: Partial<ChunkedRequest> = {}): Promise<ChunkedRequest> => ({
    method: 'PUT',
    path: await target(),
    mode,
    data,
    chunkSize: 8192,
    ...trailer,
    ...more,
  })

  it.each([8192, 8193, 65_536, 70_000, 1_000_000])('in chunks of %i', async (chunkSize) => {
    for (const hasLength of [true, false]) {
      const chunked = await request({ chunkSize, hasLength })
      expect((await sendChunked(varve.wire, chunked)).status).toBe(200)
      await expectStored(chunked.path, data)
    }
  })

  it('of nothing', async () => {
    const empty = Buffer.alloc(0)
    const sum = mode.endsWith('TRAILER')
      ? ({ trailer: ['x-amz-checksum-crc32', checksum('crc32', empty)] } as const)
      : {}
    const chunked = await request({ data: empty, ...sum })
    expect((await sendChunked(varve.wire, chunked)).status).toBe(200)
    await expectStored(chunked.path, empty)
  })

  it('keeps the rest of Content-Encoding', async () => {
    for (const [sent, kept] of [
      ['aws-chunked', undefined],
      ['gzip,aws-chunked', 'gzip'],
      ['aws-chunked, gzip', 'gzip'],
    ] as const) {
      const chunked = await request({ headers: { 'content-encoding': sent } })
      expect((await sendChunked(varve.wire, chunked)).status).toBe(200)
      const reply = await expectStored(chunked.path, data)
      expect(reply.headers['content-encoding']).toBe(kept)
    }
  })

  it('without x-amz-decoded-content-length', async () => {
    const chunked = await request({ decodedLength: null })
    const reply = await sendChunked(varve.wire, chunked)
    await expectRefused(chunked.path, reply, 411, 'MissingContentLength')
  })

  it.each([-1, 1])('with a decoded length that is wrong by %i', async (by) => {
    const chunked = await request({ decodedLength: data.length + by })
    const reply = await sendChunked(varve.wire, chunked)
    await expectRefused(chunked.path, reply, 400, 'IncompleteBody')
  })

  it('cut off before the last chunk', async () => {
    for (const hasLength of [true, false]) {
      const bend: NonNullable<ChunkedRequest['bend']> = (pieces) => pieces.slice(0, 5)
      const chunked = await request({ bend, hasLength })
      const reply = await sendChunked(varve.wire, chunked)
      await expectRefused(chunked.path, reply, 400, 'IncompleteBody')
    }
  })

  it.each([
    ['zz\r\n', 'a size that is not hex'],
    ['-5\r\n', 'a negative size'],
    [`${'f'.repeat(17)}\r\n`, 'a size of 17 digits'],
    [`5;${'x'.repeat(100_000)}\r\n`, 'an endless extension'],
    ['\r\n', 'no size'],
  ])('with the chunk head %j: %s', async (head) => {
    const bend = (pieces: readonly Buffer[]) => [Buffer.from(head), ...pieces.slice(1)]
    const chunked = await request({ bend })
    const reply = await sendChunked(varve.wire, chunked)
    expect([400, 403]).toContain(reply.status)
    await expectStored(chunked.path, old)
  })

  it('with a byte of data changed on the way', async () => {
    const bend = (pieces: readonly Buffer[]) => {
      const bent = pieces.map((piece) => Buffer.from(piece))
      const third = bent[2] as Buffer
      third[third.length - 100] = (third.at(-100) ?? 0) ^ 1
      return bent
    }
    const chunked = await request({ bend })
    const reply = await sendChunked(varve.wire, chunked)
    const isSigned = mode !== 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'
    const expected = isSigned ? [403, 'SignatureDoesNotMatch'] : [400, 'BadDigest']
    await expectRefused(chunked.path, reply, expected[0] as number, expected[1] as string)
  })
})

describe.each([
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
] as const)('Chunk signatures of %s', (mode) => {
  const bends: Record<string, NonNullable<ChunkedRequest['bend']>> = {
    'of two chunks exchanged': ([a, b, ...rest]) => [b as Buffer, a as Buffer, ...rest],
    'of a chunk replayed': ([a, ...rest]) => [a as Buffer, a as Buffer, ...rest],
    'of a chunk dropped': ([, ...rest]) => rest,
    'made up': (pieces) =>
      pieces.map((piece) =>
        Buffer.from(
          piece.toString('latin1').replace(/chunk-signature=./, 'chunk-signature=g'),
          'latin1',
        ),
      ),
    'left out': (pieces) =>
      pieces.map((piece) =>
        Buffer.from(piece.toString('latin1').replace(/;chunk-signature=\w+/, ''), 'latin1'),
      ),
    'of the last chunk changed': (pieces) =>
      pieces.map((piece) =>
        piece.subarray(0, 2).equals(Buffer.from('0;'))
          ? Buffer.from(`0;chunk-signature=${'0'.repeat(64)}\r\n`)
          : piece,
      ),
  }

  it.each(Object.entries(bends))('%s', async (_, bend) => {
    const path = await target()
    const body = data.subarray(0, 8192 * 4)
    const trailer = mode.endsWith('TRAILER')
      ? ({ trailer: ['x-amz-checksum-crc32', checksum('crc32', body)] } as const)
      : {}
    const request = { method: 'PUT', path, mode, data: body, chunkSize: 8192, bend, ...trailer }
    const reply = await sendChunked(varve.wire, request)
    expect([400, 403]).toContain(reply.status)
    if (reply.status === 403) {
      expect(['SignatureDoesNotMatch', 'InvalidChunkSizeError']).toContain(reply.code)
    }
    await expectStored(path, old)
  })
})

describe('Trailers', () => {
  const sum = ['x-amz-checksum-crc32', checksum('crc32', data)] as const
  const mode = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER'

  it('with a wrong signature', async () => {
    const path = await target()
    const bend = (pieces: readonly Buffer[]) =>
      pieces.map((piece) =>
        Buffer.from(
          piece.toString('latin1').replace(/(trailer-signature:)\w{64}/, `$1${'0'.repeat(64)}`),
          'latin1',
        ),
      )
    const request = { method: 'PUT', path, mode, data, trailer: sum, bend } as const
    const reply = await sendChunked(varve.wire, request)
    await expectRefused(path, reply, 403, 'SignatureDoesNotMatch')
  })

  it.each([
    ['announced and not sent', () => ''],
    ['of another name than announced', (text: string) => text.replace('crc32', 'sha1')],
    ['that are no header', () => 'nonsense\r\n'],
  ])('%s', async (_, replace) => {
    const path = await target()
    const bend = (pieces: readonly Buffer[]) =>
      pieces.map((piece) =>
        piece.includes('x-amz-checksum') ? Buffer.from(replace(piece.toString())) : piece,
      )
    const request = {
      method: 'PUT',
      path,
      mode: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      data,
      trailer: sum,
      bend,
    } as const
    const reply = await sendChunked(varve.wire, request)
    expect(reply.status).toBe(400)
    await expectStored(path, old)
  })
})
