import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { checksum } from '../harness/checksums.ts'
import { bucketName, pseudoRandomBytes, refusal, useServer } from '../harness/fixture.ts'
import type { WireReply, WireRequest } from '../harness/wire.ts'
import { assertWellFormed, element } from '../harness/xml.ts'

const varve = useServer()
const content = pseudoRandomBytes(3_000_000, 42)

async function objectPath(body: Uint8Array = content): Promise<string> {
  const bucket = await varve.bucket()
  await varve.sdk.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: body }))
  return `/${bucket}/k`
}

async function read(path: string, more: Partial<WireRequest> = {}): Promise<WireReply> {
  return await varve.wire.send({ method: 'GET', path, ...more })
}

describe('GetObject', () => {
  it('answers with length, type, ETag, times and the bytes', async () => {
    const path = await objectPath()
    const reply = await read(path)
    expect(reply.status).toBe(200)
    expect(reply.body.equals(content)).toBe(true)
    expect(reply.headers).toMatchObject({
      'content-length': String(content.length),
      'accept-ranges': 'bytes',
      etag: expect.stringMatching(/^"[0-9a-f]{32}"$/),
      'last-modified': expect.stringMatching(/^\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/),
      'x-amz-request-id': expect.stringMatching(/./),
    })
    expect(reply.headers['transfer-encoding']).toBeUndefined()
  })

  it('names key, bucket and request id when there is no such key', async () => {
    const bucket = await varve.bucket()
    const reply = await read(`/${bucket}/a%26b`)
    expect([reply.status, reply.code]).toEqual([404, 'NoSuchKey'])
    assertWellFormed(reply.text)
    expect(reply.headers['content-type']).toBe('application/xml')
    expect(element(reply.text, 'Key')).toBe('a&b')
    expect(element(reply.text, 'RequestId')).toBe(reply.headers['x-amz-request-id'])
    expect(element(reply.text, 'Resource')).toBe(`/${bucket}/a%26b`)
  })

  it('says so when there is no such bucket', async () => {
    const name = bucketName()
    const reply = await read(`/${name}/k`)
    expect([reply.status, reply.code]).toEqual([404, 'NoSuchBucket'])
    expect(element(reply.text, 'BucketName')).toBe(name)
  })

  it('refuses part 2 of an object that was put whole and gives part 1', async () => {
    const path = await objectPath(Buffer.from('whole'))
    expect((await read(path, { query: 'partNumber=1' })).text).toBe('whole')
    const second = await read(path, { query: 'partNumber=2' })
    expect([second.status, second.code]).toEqual([416, 'InvalidPartNumber'])
    const both = await read(path, { query: 'partNumber=1', headers: { range: 'bytes=0-1' } })
    expect([both.status, both.code]).toEqual([400, 'InvalidRequest'])
  })
})

const size = content.length

describe('GetObject with a range', () => {
  it.each([
    ['bytes=0-0', 0, 1],
    ['bytes=0-1048575', 0, 1_048_576],
    ['bytes=1048570-1048585', 1_048_570, 1_048_586],
    ['bytes=1048576-', 1_048_576, size],
    ['bytes=5-2999990', 5, 2_999_991],
    ['bytes=2999999-', size - 1, size],
    ['bytes=-1', size - 1, size],
    ['bytes=-3000000', 0, size],
    ['bytes=-9999999', 0, size],
    ['bytes=100-99999999999999999999', 100, size],
    ['bytes=7-7', 7, 8],
  ])('%s', async (range, start, end) => {
    const path = await objectPath()
    const reply = await read(path, { headers: { range } })
    expect(reply.status).toBe(206)
    expect(reply.headers['content-range']).toBe(`bytes ${start}-${end - 1}/${size}`)
    expect(reply.headers['content-length']).toBe(String(end - start))
    expect(reply.body.equals(content.subarray(start, end))).toBe(true)
  })

  it.each(['bytes=3000000-', 'bytes=3000000-3000001', 'bytes=99999999999999999999-', 'bytes=-0'])(
    '%s is past the end',
    async (range) => {
      const path = await objectPath()
      const reply = await read(path, { headers: { range } })
      expect([reply.status, reply.code]).toEqual([416, 'InvalidRange'])
      expect(reply.headers['content-range']).toBe(`bytes */${size}`)
      expect(element(reply.text, 'ActualObjectSize')).toBe(String(size))
    },
  )

  it.each(['bytes=0-0,1-2', 'bytes=5-2', 'bytes=a-b', 'bytes=', 'items=0-1', 'bytes=--1', '0-1'])(
    '%s is ignored',
    async (range) => {
      const path = await objectPath(Buffer.from('the whole object'))
      const reply = await read(path, { headers: { range } })
      expect([reply.status, reply.text]).toEqual([200, 'the whole object'])
    },
  )

  it.each(['bytes=0-0', 'bytes=0-', 'bytes=40-50'])('%s of nothing', async (range) => {
    const path = await objectPath(Buffer.alloc(0))
    const reply = await read(path, { headers: { range } })
    expect([reply.status, reply.code]).toEqual([416, 'InvalidRange'])
  })

  it('reads any range of many', async () => {
    const path = await objectPath()
    for (let turn = 0; turn < 40; turn++) {
      const start = (turn * 7_654_321) % size
      const end = Math.min(size, start + 1 + ((turn * 123_457) % 1_500_000))
      const reply = await read(path, { headers: { range: `bytes=${start}-${end - 1}` } })
      expect(reply.body.equals(content.subarray(start, end))).toBe(true)
    }
  })
})

describe('GetObject with response-* parameters', () => {
  const overrides = {
    'response-content-type': 'text/html; charset=utf-8',
    'response-content-language': 'de-CH',
    'response-expires': 'Thu, 01 Dec 1994 16:00:00 GMT',
    'response-cache-control': 'no-store',
    'response-content-disposition': 'attachment; filename="ä b.txt"'.replace('ä', 'a'),
    'response-content-encoding': 'br',
  }

  it('overrides what was stored', async () => {
    const path = await objectPath(Buffer.from('x'))
    for (const [name, value] of Object.entries(overrides)) {
      const reply = await read(path, { query: `${name}=${encodeURIComponent(value)}` })
      expect([name, reply.status]).toEqual([name, 200])
      expect(reply.headers[name.slice('response-'.length)]).toBe(value)
    }
  })

  it('never lets a line break into a header', async () => {
    const path = await objectPath(Buffer.from('x'))
    for (const value of ['a%0D%0Aset-cookie:%20x', 'a%0Ab', 'a%0Db', 'a%00b']) {
      const reply = await read(path, { query: `response-content-type=${value}` })
      expect([value, reply.status, reply.code]).toEqual([value, 400, 'InvalidArgument'])
      expect(reply.headers['set-cookie']).toBeUndefined()
    }
  })

  it('is not for requests without a signature', async () => {
    const path = await objectPath(Buffer.from('x'))
    const reply = await read(path, { query: 'response-expires=0', auth: 'none' })
    expect([400, 403]).toContain(reply.status)
  })
})

describe('HeadObject', () => {
  it('answers as GetObject does, without the bytes', async () => {
    const path = await objectPath()
    const get = await read(path)
    const head = await varve.wire.send({ method: 'HEAD', path })
    expect(head.status).toBe(200)
    expect(head.body.length).toBe(0)
    const names = ['content-length', 'content-type', 'etag', 'last-modified', 'accept-ranges']
    for (const name of names) expect([name, head.headers[name]]).toEqual([name, get.headers[name]])
  })

  it('knows ranges too', async () => {
    const path = await objectPath()
    const headers = { range: 'bytes=10-19' }
    const head = await varve.wire.send({ method: 'HEAD', path, headers })
    expect([head.status, head.headers['content-length']]).toEqual([206, '10'])
    expect(head.headers['content-range']).toBe(`bytes 10-19/${size}`)
  })

  it('answers 404 without a body', async () => {
    const bucket = await varve.bucket()
    const head = await varve.wire.send({ method: 'HEAD', path: `/${bucket}/k` })
    expect([head.status, head.body.length]).toEqual([404, 0])
    const call = varve.sdk.send(new HeadObjectCommand({ Bucket: bucket, Key: 'k' }))
    expect((await refusal(call)).status).toBe(404)
  })
})

const before = new Date(Date.now() - 86_400_000).toUTCString()
const after = new Date(Date.now() + 86_400_000).toUTCString()

describe.each(['GET', 'HEAD'])('Conditions on %s', (method) => {
  async function status(headers: Record<string, string>): Promise<number> {
    const path = await objectPath(Buffer.from('x'))
    const reply = await varve.wire.send({ method, path, headers })
    if (reply.status === 304) expect(reply.body.length).toBe(0)
    return reply.status
  }
  const tag = '"9dd4e461268c8034f5c8564e155c67a6"'
  const other = '"00000000000000000000000000000000"'

  it.each([
    [{ 'if-match': tag }, 200],
    [{ 'if-match': tag.slice(1, -1) }, 200],
    [{ 'if-match': '*' }, 200],
    [{ 'if-match': `${other}, ${tag}` }, 200],
    [{ 'if-match': other }, 412],
    [{ 'if-none-match': tag }, 304],
    [{ 'if-none-match': '*' }, 304],
    [{ 'if-none-match': `W/${tag}` }, 304],
    [{ 'if-none-match': `${other}, ${tag}` }, 304],
    [{ 'if-none-match': other }, 200],
    [{ 'if-modified-since': before }, 200],
    [{ 'if-unmodified-since': before }, 412],
    [{ 'if-unmodified-since': after }, 200],
    [{ 'if-modified-since': 'yesterday' }, 200],
    [{ 'if-unmodified-since': 'yesterday' }, 200],
    [{ 'if-match': tag, 'if-unmodified-since': before }, 200],
    [{ 'if-match': other, 'if-unmodified-since': after }, 412],
    [{ 'if-none-match': other, 'if-modified-since': after }, 200],
    [{ 'if-none-match': tag, 'if-modified-since': before }, 304],
    [{ 'if-match': tag, 'if-none-match': tag }, 304],
  ])('%j answers %i', async (headers, expected) => {
    expect(await status(headers as Record<string, string>)).toBe(expected)
  })

  it('not modified since its own time', async () => {
    const path = await objectPath(Buffer.from('x'))
    const first = await varve.wire.send({ method, path })
    const since = String(first.headers['last-modified'])
    const headers = { 'if-modified-since': since }
    const reply = await varve.wire.send({ method, path, headers })
    expect(reply.status).toBe(304)
    expect(reply.headers.etag).toBe(first.headers.etag)
    const unmodified = { 'if-unmodified-since': since }
    expect((await varve.wire.send({ method, path, headers: unmodified })).status).toBe(200)
  })

  it('meets a range: the condition comes first', async () => {
    const path = await objectPath(Buffer.from('x'))
    const headers = { 'if-match': other, range: 'bytes=9-' }
    expect((await varve.wire.send({ method, path, headers })).status).toBe(412)
  })
})

describe('GetObject while the object is replaced', () => {
  it('gives one version whole', async () => {
    const bucket = await varve.bucket()
    const bodies = [1, 2, 3, 4].map((seed) => pseudoRandomBytes(5_000_000, seed))
    const put = async (body: Buffer) =>
      await varve.sdk.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: body }))
    await put(bodies[0] as Buffer)
    const writer = (async () => {
      for (let turn = 0; turn < 12; turn++) await put(bodies[turn % 4] as Buffer)
    })()
    const readers = Array.from({ length: 4 }, async () => {
      for (let turn = 0; turn < 10; turn++) {
        const reply = await varve.sdk.send(new GetObjectCommand({ Bucket: bucket, Key: 'k' }))
        const bytes = Buffer.from((await reply.Body?.transformToByteArray()) ?? [])
        expect(bodies.some((body) => body.equals(bytes))).toBe(true)
      }
    })
    await Promise.all([writer, ...readers])
  })
})

describe('HeadObject with checksum mode', () => {
  it('names the checksum', async () => {
    const Bucket = await varve.bucket()
    await varve.sdk.send(
      new PutObjectCommand({ Bucket, Key: 'k', Body: content, ChecksumAlgorithm: 'SHA256' }),
    )
    const head = await varve.sdk.send(
      new HeadObjectCommand({ Bucket, Key: 'k', ChecksumMode: 'ENABLED' }),
    )
    expect(head.ChecksumSHA256).toBe(checksum('sha256', content))
    expect(head.ChecksumType).toBe('FULL_OBJECT')
  })
})
