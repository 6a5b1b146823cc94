import { createHash } from 'node:crypto'
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { refusal, useServer } from '../harness/fixture.ts'
import { elements } from '../harness/xml.ts'

const varve = useServer()
const FAILED = { code: 'PreconditionFailed', status: 412 }
const OTHER = '"00000000000000000000000000000000"'

const etag = (body: string) => `"${createHash('md5').update(body).digest('hex')}"`

async function put(Bucket: string, Body: string, conditions: object): Promise<unknown> {
  const input = { Bucket, Key: 'k', Body: Buffer.from(Body), ...conditions }
  return await varve.sdk.send(new PutObjectCommand(input))
}

async function text(Bucket: string): Promise<string | undefined> {
  const reply = await varve.sdk.send(new GetObjectCommand({ Bucket, Key: 'k' }))
  return await reply.Body?.transformToString()
}

describe('PutObject with If-None-Match: *', () => {
  it('creates, and never replaces', async () => {
    const bucket = await varve.bucket()
    await put(bucket, 'first', { IfNoneMatch: '*' })
    expect(await refusal(put(bucket, 'second', { IfNoneMatch: '*' }))).toEqual(FAILED)
    expect(await text(bucket)).toBe('first')
    await varve.wire.send({ method: 'DELETE', path: `/${bucket}/k` })
    await put(bucket, 'third', { IfNoneMatch: '*' })
    expect(await text(bucket)).toBe('third')
  })

  it.each([10, 200_000])('lets one of many win, with %i bytes each', async (size) => {
    for (let round = 0; round < 10; round++) {
      const bucket = await varve.bucket()
      const attempts = Array.from({ length: 24 }, async (_, at) => {
        const body = String.fromCharCode(65 + at).repeat(size)
        return await put(bucket, body, { IfNoneMatch: '*' }).then(
          () => body,
          () => null,
        )
      })
      const winners = (await Promise.all(attempts)).filter((body) => body !== null)
      expect(winners.length).toBe(1)
      expect(await text(bucket)).toBe(winners[0])
    }
  })
})

describe('PutObject with If-Match', () => {
  it('replaces what it names, quoted or bare', async () => {
    const bucket = await varve.bucket()
    await put(bucket, 'one', {})
    await put(bucket, 'two', { IfMatch: etag('one') })
    await put(bucket, 'three', { IfMatch: etag('two').replaceAll('"', '') })
    expect(await refusal(put(bucket, 'four', { IfMatch: etag('one') }))).toEqual(FAILED)
    expect(await refusal(put(bucket, 'four', { IfMatch: OTHER }))).toEqual(FAILED)
    expect(await text(bucket)).toBe('three')
  })

  it('knows no key that is not there', async () => {
    const bucket = await varve.bucket()
    const call = put(bucket, 'x', { IfMatch: OTHER })
    expect(await refusal(call)).toEqual({ code: 'NoSuchKey', status: 404 })
  })

  it('counts exactly, however many increment at once', async () => {
    const bucket = await varve.bucket()
    await put(bucket, '0', {})
    const increment = async () => {
      for (;;) {
        const before = (await text(bucket)) ?? ''
        const after = String(Number(before) + 1)
        const done = await put(bucket, after, { IfMatch: etag(before) }).then(
          () => true,
          () => false,
        )
        if (done) return
      }
    }
    await Promise.all(Array.from({ length: 12 }, increment))
    expect(await text(bucket)).toBe('12')
  })
})

describe('CompleteMultipartUpload with If-None-Match: *', () => {
  it('lets one of many win', async () => {
    const bucket = await varve.bucket()
    const path = `/${bucket}/k`
    const finish = async (letter: string) => {
      const begun = await varve.wire.send({ method: 'POST', path, query: 'uploads=' })
      const id = encodeURIComponent(elements(begun.text, 'UploadId')[0] ?? '')
      const query = `partNumber=1&uploadId=${id}`
      await varve.wire.send({ method: 'PUT', path, query, body: letter })
      const part = `<Part><PartNumber>1</PartNumber><ETag>${etag(letter)}</ETag></Part>`
      return async () =>
        await varve.wire.send({
          method: 'POST',
          path,
          query: `uploadId=${id}`,
          body: `<CompleteMultipartUpload>${part}</CompleteMultipartUpload>`,
          headers: { 'if-none-match': '*' },
        })
    }
    const letters = [...'abcdefgh']
    const ready = await Promise.all(letters.map(finish))
    const replies = await Promise.all(ready.map(async (complete) => await complete()))
    const won = letters.filter((_, at) => replies[at]?.status === 200)
    expect(won.length).toBe(1)
    expect(await text(bucket)).toBe(won[0])
  })
})

describe('Conditional writes', () => {
  it.each([
    { 'if-none-match': '"9dd4e461268c8034f5c8564e155c67a6"' },
    { 'if-modified-since': 'Thu, 01 Dec 1994 16:00:00 GMT' },
  ])('with %j are not silently unconditional', async (headers) => {
    const bucket = await varve.bucket()
    await put(bucket, 'x', {})
    const path = `/${bucket}/k`
    const reply = await varve.wire.send({ method: 'PUT', path, body: 'y', headers })
    if ('if-none-match' in headers) expect([412, 501]).toContain(reply.status)
    else expect(reply.status).toBe(200)
  })
})
