import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  type ListPartsCommandOutput,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { pseudoRandomBytes, refusal, useServer } from '../harness/fixture.ts'
import { MIB, multipartEtag, NO_SUCH_UPLOAD, Uploads } from '../harness/uploads.ts'
import { elements } from '../harness/xml.ts'

const varve = useServer()
const uploads = new Uploads(varve)

describe('CreateMultipartUpload', () => {
  it('keeps what it is told for the object to come', async () => {
    const upload = await uploads.begin({
      ContentType: 'text/x-parts',
      CacheControl: 'no-store',
      Metadata: { made: 'of parts' },
      Tagging: 'a=1',
      StorageClass: 'STANDARD_IA',
    })
    const done = await uploads.part(upload, 1, Buffer.from('x'))
    await uploads.complete(upload, [done])
    const head = await varve.sdk.send(new HeadObjectCommand(upload))
    expect(head).toMatchObject({
      ContentType: 'text/x-parts',
      CacheControl: 'no-store',
      Metadata: { made: 'of parts' },
      StorageClass: 'STANDARD_IA',
    })
    expect((await varve.sdk.send(new GetObjectCommand(upload))).TagCount).toBe(1)
  })

  it('gives every upload of one key an id of its own', async () => {
    const first = await uploads.begin()
    const second = await uploads.begin({ Bucket: first.Bucket })
    expect(second.UploadId).not.toBe(first.UploadId)
    await uploads.complete(second, [await uploads.part(second, 1, Buffer.from('second'))])
    await uploads.complete(first, [await uploads.part(first, 1, Buffer.from('first'))])
    expect((await uploads.content(first.Bucket)).toString()).toBe('first')
  })

  it('shows nothing of the object before it is complete', async () => {
    const upload = await uploads.begin()
    await uploads.part(upload, 1, Buffer.alloc(100_000))
    expect((await refusal(varve.sdk.send(new HeadObjectCommand(upload)))).status).toBe(404)
    const list = await varve.wire.send({ method: 'GET', path: `/${upload.Bucket}` })
    expect(elements(list.text, 'Key')).toEqual([])
  })
})

describe('UploadPart', () => {
  it.each(['0', '10001', '-1', 'x', ''])('refuses part number %j', async (number) => {
    const upload = await uploads.begin()
    const query = `partNumber=${number}&uploadId=${encodeURIComponent(upload.UploadId)}`
    const path = `/${upload.Bucket}/k`
    const reply = await varve.wire.send({ method: 'PUT', path, query, body: 'x' })
    expect([reply.status, reply.code]).toEqual([400, 'InvalidArgument'])
  })

  it('refuses an upload that is not, or not of this key', async () => {
    const upload = await uploads.begin()
    const bad = { PartNumber: 1, Body: Buffer.from('x') }
    const unknown = new UploadPartCommand({ ...upload, ...bad, UploadId: 'none' })
    expect(await refusal(varve.sdk.send(unknown))).toEqual(NO_SUCH_UPLOAD)
    const other = new UploadPartCommand({ ...upload, ...bad, Key: 'other' })
    expect(await refusal(varve.sdk.send(other))).toEqual(NO_SUCH_UPLOAD)
  })

  it('keeps the last of parts with one number', async () => {
    const upload = await uploads.begin()
    const bodies = [1, 2, 3].map((seed) => pseudoRandomBytes(5 * MIB + seed, seed))
    const first = await uploads.part(upload, 1, bodies[0] as Buffer)
    await uploads.part(upload, 2, Buffer.from('replaced'))
    const last = await uploads.part(upload, 1, bodies[2] as Buffer)
    const tail = await uploads.part(upload, 2, Buffer.from('tail'))
    const old = uploads.complete(upload, [first, tail])
    expect(await refusal(old)).toEqual({ code: 'InvalidPart', status: 400 })
    await uploads.complete(upload, [last, tail])
    const expected = Buffer.concat([bodies[2] as Buffer, Buffer.from('tail')])
    expect((await uploads.content(upload.Bucket)).equals(expected)).toBe(true)
  })
})

describe('CompleteMultipartUpload', () => {
  it('joins parts that came out of order, with gaps in their numbers', async () => {
    const upload = await uploads.begin()
    const bodies = [5 * MIB, 6 * MIB + 1, 17].map((size) => pseudoRandomBytes(size, size))
    const [a, b, c] = bodies as [Buffer, Buffer, Buffer]
    const third = await uploads.part(upload, 9000, c)
    const first = await uploads.part(upload, 3, a)
    const second = await uploads.part(upload, 77, b)
    const reply = await uploads.complete(upload, [first, second, third])
    expect(reply).toMatchObject({ Bucket: upload.Bucket, Key: 'k', ETag: multipartEtag(bodies) })
    expect(reply.Location).toContain(`/${upload.Bucket}/k`)
    const whole = Buffer.concat(bodies)
    expect((await uploads.content(upload.Bucket)).equals(whole)).toBe(true)
    for (const [start, end] of [
      [5 * MIB - 3, 5 * MIB + 2],
      [MIB - 1, 11 * MIB + 5],
      [whole.length - 18, whole.length - 1],
    ] as const) {
      const range = await uploads.content(upload.Bucket, 'k', `bytes=${start}-${end}`)
      expect(range.equals(whole.subarray(start, end + 1))).toBe(true)
    }
    const head = await varve.sdk.send(new HeadObjectCommand(upload))
    expect(head).toMatchObject({ ETag: multipartEtag(bodies), ContentLength: whole.length })
  })

  it('leaves out the parts it does not name', async () => {
    const upload = await uploads.begin()
    await uploads.part(upload, 1, Buffer.from('not this'))
    const named = await uploads.part(upload, 2, Buffer.from('but this'))
    await uploads.complete(upload, [named])
    expect((await uploads.content(upload.Bucket)).toString()).toBe('but this')
  })

  it('gives each part by its number afterwards', async () => {
    const upload = await uploads.begin()
    const bodies = [
      pseudoRandomBytes(5 * MIB, 1),
      pseudoRandomBytes(5 * MIB + 9, 2),
      Buffer.from('z'),
    ]
    const parts = []
    for (const [at, body] of bodies.entries())
      parts.push(await uploads.part(upload, at * 10 + 1, body))
    await uploads.complete(upload, parts)
    const path = `/${upload.Bucket}/k`
    for (const [at, body] of bodies.entries()) {
      const query = `partNumber=${at + 1}`
      const reply = await varve.wire.send({ method: 'GET', path, query })
      expect(reply.status).toBe(206)
      expect(reply.body.equals(body)).toBe(true)
      expect(reply.headers['x-amz-mp-parts-count']).toBe('3')
      const head = await varve.wire.send({ method: 'HEAD', path, query })
      expect(head.headers['content-length']).toBe(String(body.length))
    }
    const beyond = await varve.wire.send({ method: 'GET', path, query: 'partNumber=4' })
    expect([beyond.status, beyond.code]).toEqual([416, 'InvalidPartNumber'])
  })

  it('refuses a part under 5 MiB that is not the last, and keeps the upload', async () => {
    const upload = await uploads.begin()
    const small = await uploads.part(upload, 1, pseudoRandomBytes(5 * MIB - 1))
    const last = await uploads.part(upload, 2, Buffer.from('x'))
    expect(await refusal(uploads.complete(upload, [small, last]))).toEqual({
      code: 'EntityTooSmall',
      status: 400,
    })
    const big = await uploads.part(upload, 1, pseudoRandomBytes(5 * MIB))
    await uploads.complete(upload, [big, last])
    expect((await uploads.content(upload.Bucket)).length).toBe(5 * MIB + 1)
  })

  it('refuses a wrong order, a part twice, and one that is not there', async () => {
    const upload = await uploads.begin()
    const body = pseudoRandomBytes(5 * MIB)
    const [a, b] = [await uploads.part(upload, 1, body), await uploads.part(upload, 2, body)]
    const codes = []
    for (const parts of [[b, a], [a, a], [{ ...a, PartNumber: 3 }], [{ ...a, ETag: '"0"' }]]) {
      codes.push((await refusal(uploads.complete(upload, parts))).code)
    }
    expect(codes).toEqual(['InvalidPartOrder', 'InvalidPartOrder', 'InvalidPart', 'InvalidPart'])
    await uploads.complete(upload, [a, b])
  })

  it('accepts ETags with and without quotes', async () => {
    const upload = await uploads.begin()
    const only = await uploads.part(upload, 1, Buffer.from('x'))
    await uploads.complete(upload, [{ ...only, ETag: only.ETag?.replaceAll('"', '') }])
  })

  it.each([
    ['nothing', ''],
    ['no parts', '<CompleteMultipartUpload></CompleteMultipartUpload>'],
    ['no XML', 'parts, please'],
    [
      'a part without a number',
      '<CompleteMultipartUpload><Part><ETag>"x"</ETag></Part></CompleteMultipartUpload>',
    ],
    ['another root', '<Complete><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></Complete>'],
  ])('refuses %s', async (_, body) => {
    const upload = await uploads.begin()
    await uploads.part(upload, 1, Buffer.from('x'))
    const query = `uploadId=${encodeURIComponent(upload.UploadId)}`
    const path = `/${upload.Bucket}/k`
    const reply = await varve.wire.send({ method: 'POST', path, query, body })
    expect([reply.status, reply.code]).toEqual([400, 'MalformedXML'])
  })

  it('succeeds again with the same parts, and knows no upload with others', async () => {
    const upload = await uploads.begin()
    const only = await uploads.part(upload, 1, Buffer.from('x'))
    const first = await uploads.complete(upload, [only])
    const second = await uploads.complete(upload, [only])
    expect(second.ETag).toBe(first.ETag)
    const list = await varve.wire.send({ method: 'GET', path: `/${upload.Bucket}` })
    expect(elements(list.text, 'Key')).toEqual(['k'])
  })

  it('refuses an upload that is not', async () => {
    const upload = await uploads.begin()
    const only = await uploads.part(upload, 1, Buffer.from('x'))
    expect(await refusal(uploads.complete({ ...upload, UploadId: 'none' }, [only]))).toEqual(
      NO_SUCH_UPLOAD,
    )
  })

  it('only if the key is free, or holds what is expected, when asked', async () => {
    const upload = await uploads.begin()
    const only = await uploads.part(upload, 1, Buffer.from('x'))
    await varve.sdk.send(
      new PutObjectCommand({ Bucket: upload.Bucket, Key: 'k', Body: Buffer.from('taken') }),
    )
    expect(await refusal(uploads.complete(upload, [only], { IfNoneMatch: '*' }))).toEqual({
      code: 'PreconditionFailed',
      status: 412,
    })
    expect(await refusal(uploads.complete(upload, [only], { IfMatch: '"0"' }))).toEqual({
      code: 'PreconditionFailed',
      status: 412,
    })
    const head = await varve.sdk.send(new HeadObjectCommand(upload))
    await uploads.complete(upload, [only], { IfMatch: head.ETag })
    expect((await uploads.content(upload.Bucket)).toString()).toBe('x')
  })

  it('refuses a size that is not the sum', async () => {
    const upload = await uploads.begin()
    const only = await uploads.part(upload, 1, Buffer.from('x'))
    expect(await refusal(uploads.complete(upload, [only], { MpuObjectSize: 2 }))).toEqual({
      code: 'InvalidRequest',
      status: 400,
    })
    await uploads.complete(upload, [only], { MpuObjectSize: 1 })
  })

  it('knows each of 10,000 parts', async () => {
    const upload = await uploads.begin()
    const parts: CompletedPart[] = []
    for (let at = 1; at <= 10_000; at += 100) {
      const group = Array.from({ length: 100 }, (_, index) => at + index)
      const path = `/${upload.Bucket}/k`
      const id = encodeURIComponent(upload.UploadId)
      const done = group.map(async (PartNumber) => {
        const query = `partNumber=${PartNumber}&uploadId=${id}`
        const body = `part ${PartNumber}`
        const reply = await varve.wire.send({ method: 'PUT', path, query, body })
        return { PartNumber, ETag: String(reply.headers.etag) }
      })
      parts.push(...(await Promise.all(done)))
    }
    const found: (number | undefined)[] = []
    for (let marker: string | undefined = '0'; marker !== undefined; ) {
      const query = { ...upload, PartNumberMarker: marker }
      const page: ListPartsCommandOutput = await varve.sdk.send(new ListPartsCommand(query))
      found.push(...(page.Parts ?? []).map((item) => item.PartNumber))
      marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined
    }
    expect(found).toEqual(Array.from({ length: 10_000 }, (_, at) => at + 1))
    // Only a size speaks against joining them: the last is as good as the first.
    const joined = await refusal(uploads.complete(upload, parts))
    expect(joined).toEqual({ code: 'EntityTooSmall', status: 400 })
    const wrong = parts.with(9_999, { PartNumber: 10_000, ETag: parts[0]?.ETag })
    expect((await refusal(uploads.complete(upload, wrong))).code).toBe('InvalidPart')
    await uploads.complete(upload, parts.slice(9_999))
    expect((await uploads.content(upload.Bucket)).toString()).toBe('part 10000')
  })
})

describe('AbortMultipartUpload', () => {
  it('forgets the upload and its parts', async () => {
    const upload = await uploads.begin()
    await uploads.part(upload, 1, Buffer.from('x'))
    await varve.sdk.send(new AbortMultipartUploadCommand(upload))
    expect(await refusal(varve.sdk.send(new ListPartsCommand(upload)))).toEqual(NO_SUCH_UPLOAD)
    const again = varve.sdk.send(new AbortMultipartUploadCommand(upload))
    expect(await refusal(again)).toEqual(NO_SUCH_UPLOAD)
  })

  it('does not harm the object of a completed upload', async () => {
    const upload = await uploads.begin()
    await uploads.complete(upload, [await uploads.part(upload, 1, Buffer.from('x'))])
    await refusal(varve.sdk.send(new AbortMultipartUploadCommand(upload))).catch(() => null)
    expect((await uploads.content(upload.Bucket)).toString()).toBe('x')
  })

  it('lets the bucket be deleted', async () => {
    const upload = await uploads.begin()
    await uploads.part(upload, 1, Buffer.from('x'))
    await varve.sdk.send(new AbortMultipartUploadCommand(upload))
    const reply = await varve.wire.send({ method: 'DELETE', path: `/${upload.Bucket}` })
    expect(reply.status).toBe(204)
  })
})
