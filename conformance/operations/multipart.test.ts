import { createHash } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandInput,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  type ListPartsCommandOutput,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { pseudoRandomBytes, refusal, useServer } from '../harness/fixture.ts'
import { element, elements } from '../harness/xml.ts'

const varve = useServer()
const MIB = 1024 * 1024
const NO_SUCH_UPLOAD = { code: 'NoSuchUpload', status: 404 }

interface Upload {
  readonly Bucket: string
  readonly Key: string
  readonly UploadId: string
}

async function begin(
  more: Partial<CreateMultipartUploadCommandInput> = {},
  key = 'k',
): Promise<Upload> {
  const Bucket = more.Bucket ?? (await varve.bucket())
  const reply = await varve.sdk.send(
    new CreateMultipartUploadCommand({ Key: key, ...more, Bucket }),
  )
  expect(reply).toMatchObject({ Bucket, Key: key })
  return { Bucket, Key: key, UploadId: reply.UploadId ?? '' }
}

async function part(upload: Upload, number: number, body: Uint8Array): Promise<CompletedPart> {
  const reply = await varve.sdk.send(
    new UploadPartCommand({ ...upload, PartNumber: number, Body: body }),
  )
  expect(reply.ETag).toBe(`"${md5(body).toString('hex')}"`)
  return { PartNumber: number, ETag: reply.ETag }
}

async function complete(
  upload: Upload,
  parts: CompletedPart[],
  more: Partial<CompleteMultipartUploadCommandInput> = {},
) {
  const input = { ...upload, MultipartUpload: { Parts: parts }, ...more }
  return await varve.sdk.send(new CompleteMultipartUploadCommand(input))
}

async function content(bucket: string, key = 'k', range?: string): Promise<Buffer> {
  const headers: Record<string, string> = range === undefined ? {} : { range }
  return (await varve.wire.send({ method: 'GET', path: `/${bucket}/${key}`, headers })).body
}

function md5(data: Uint8Array): Buffer {
  return createHash('md5').update(data).digest()
}

function multipartEtag(bodies: readonly Uint8Array[]): string {
  return `"${md5(Buffer.concat(bodies.map(md5))).toString('hex')}-${bodies.length}"`
}

describe('CreateMultipartUpload', () => {
  it('keeps what it is told for the object to come', async () => {
    const upload = await begin({
      ContentType: 'text/x-parts',
      CacheControl: 'no-store',
      Metadata: { made: 'of parts' },
      Tagging: 'a=1',
      StorageClass: 'STANDARD_IA',
    })
    const done = await part(upload, 1, Buffer.from('x'))
    await complete(upload, [done])
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
    const first = await begin()
    const second = await begin({ Bucket: first.Bucket })
    expect(second.UploadId).not.toBe(first.UploadId)
    await complete(second, [await part(second, 1, Buffer.from('second'))])
    await complete(first, [await part(first, 1, Buffer.from('first'))])
    expect((await content(first.Bucket)).toString()).toBe('first')
  })

  it('shows nothing of the object before it is complete', async () => {
    const upload = await begin()
    await part(upload, 1, Buffer.alloc(100_000))
    expect((await refusal(varve.sdk.send(new HeadObjectCommand(upload)))).status).toBe(404)
    const list = await varve.wire.send({ method: 'GET', path: `/${upload.Bucket}` })
    expect(elements(list.text, 'Key')).toEqual([])
  })
})

describe('UploadPart', () => {
  it.each(['0', '10001', '-1', 'x', ''])('refuses part number %j', async (number) => {
    const upload = await begin()
    const query = `partNumber=${number}&uploadId=${encodeURIComponent(upload.UploadId)}`
    const path = `/${upload.Bucket}/k`
    const reply = await varve.wire.send({ method: 'PUT', path, query, body: 'x' })
    expect([reply.status, reply.code]).toEqual([400, 'InvalidArgument'])
  })

  it('refuses an upload that is not, or not of this key', async () => {
    const upload = await begin()
    const bad = { PartNumber: 1, Body: Buffer.from('x') }
    const unknown = new UploadPartCommand({ ...upload, ...bad, UploadId: 'none' })
    expect(await refusal(varve.sdk.send(unknown))).toEqual(NO_SUCH_UPLOAD)
    const other = new UploadPartCommand({ ...upload, ...bad, Key: 'other' })
    expect(await refusal(varve.sdk.send(other))).toEqual(NO_SUCH_UPLOAD)
  })

  it('keeps the last of parts with one number', async () => {
    const upload = await begin()
    const bodies = [1, 2, 3].map((seed) => pseudoRandomBytes(5 * MIB + seed, seed))
    const first = await part(upload, 1, bodies[0] as Buffer)
    await part(upload, 2, Buffer.from('replaced'))
    const last = await part(upload, 1, bodies[2] as Buffer)
    const tail = await part(upload, 2, Buffer.from('tail'))
    const old = complete(upload, [first, tail])
    expect(await refusal(old)).toEqual({ code: 'InvalidPart', status: 400 })
    await complete(upload, [last, tail])
    const expected = Buffer.concat([bodies[2] as Buffer, Buffer.from('tail')])
    expect((await content(upload.Bucket)).equals(expected)).toBe(true)
  })
})

describe('CompleteMultipartUpload', () => {
  it('joins parts that came out of order, with gaps in their numbers', async () => {
    const upload = await begin()
    const bodies = [5 * MIB, 6 * MIB + 1, 17].map((size) => pseudoRandomBytes(size, size))
    const [a, b, c] = bodies as [Buffer, Buffer, Buffer]
    const third = await part(upload, 9000, c)
    const first = await part(upload, 3, a)
    const second = await part(upload, 77, b)
    const reply = await complete(upload, [first, second, third])
    expect(reply).toMatchObject({ Bucket: upload.Bucket, Key: 'k', ETag: multipartEtag(bodies) })
    expect(reply.Location).toContain(`/${upload.Bucket}/k`)
    const whole = Buffer.concat(bodies)
    expect((await content(upload.Bucket)).equals(whole)).toBe(true)
    for (const [start, end] of [
      [5 * MIB - 3, 5 * MIB + 2],
      [MIB - 1, 11 * MIB + 5],
      [whole.length - 18, whole.length - 1],
    ] as const) {
      const range = await content(upload.Bucket, 'k', `bytes=${start}-${end}`)
      expect(range.equals(whole.subarray(start, end + 1))).toBe(true)
    }
    const head = await varve.sdk.send(new HeadObjectCommand(upload))
    expect(head).toMatchObject({ ETag: multipartEtag(bodies), ContentLength: whole.length })
  })

  it('leaves out the parts it does not name', async () => {
    const upload = await begin()
    await part(upload, 1, Buffer.from('not this'))
    const named = await part(upload, 2, Buffer.from('but this'))
    await complete(upload, [named])
    expect((await content(upload.Bucket)).toString()).toBe('but this')
  })

  it('gives each part by its number afterwards', async () => {
    const upload = await begin()
    const bodies = [
      pseudoRandomBytes(5 * MIB, 1),
      pseudoRandomBytes(5 * MIB + 9, 2),
      Buffer.from('z'),
    ]
    const parts = []
    for (const [at, body] of bodies.entries()) parts.push(await part(upload, at * 10 + 1, body))
    await complete(upload, parts)
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
    const upload = await begin()
    const small = await part(upload, 1, pseudoRandomBytes(5 * MIB - 1))
    const last = await part(upload, 2, Buffer.from('x'))
    expect(await refusal(complete(upload, [small, last]))).toEqual({
      code: 'EntityTooSmall',
      status: 400,
    })
    const big = await part(upload, 1, pseudoRandomBytes(5 * MIB))
    await complete(upload, [big, last])
    expect((await content(upload.Bucket)).length).toBe(5 * MIB + 1)
  })

  it('refuses a wrong order, a part twice, and one that is not there', async () => {
    const upload = await begin()
    const body = pseudoRandomBytes(5 * MIB)
    const [a, b] = [await part(upload, 1, body), await part(upload, 2, body)]
    const codes = []
    for (const parts of [[b, a], [a, a], [{ ...a, PartNumber: 3 }], [{ ...a, ETag: '"0"' }]]) {
      codes.push((await refusal(complete(upload, parts))).code)
    }
    expect(codes).toEqual(['InvalidPartOrder', 'InvalidPartOrder', 'InvalidPart', 'InvalidPart'])
    await complete(upload, [a, b])
  })

  it('accepts ETags with and without quotes', async () => {
    const upload = await begin()
    const only = await part(upload, 1, Buffer.from('x'))
    await complete(upload, [{ ...only, ETag: only.ETag?.replaceAll('"', '') }])
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
    const upload = await begin()
    await part(upload, 1, Buffer.from('x'))
    const query = `uploadId=${encodeURIComponent(upload.UploadId)}`
    const path = `/${upload.Bucket}/k`
    const reply = await varve.wire.send({ method: 'POST', path, query, body })
    expect([reply.status, reply.code]).toEqual([400, 'MalformedXML'])
  })

  it('succeeds again with the same parts, and knows no upload with others', async () => {
    const upload = await begin()
    const only = await part(upload, 1, Buffer.from('x'))
    const first = await complete(upload, [only])
    const second = await complete(upload, [only])
    expect(second.ETag).toBe(first.ETag)
    const list = await varve.wire.send({ method: 'GET', path: `/${upload.Bucket}` })
    expect(elements(list.text, 'Key')).toEqual(['k'])
  })

  it('refuses an upload that is not', async () => {
    const upload = await begin()
    const only = await part(upload, 1, Buffer.from('x'))
    expect(await refusal(complete({ ...upload, UploadId: 'none' }, [only]))).toEqual(NO_SUCH_UPLOAD)
  })

  it('only if the key is free, or holds what is expected, when asked', async () => {
    const upload = await begin()
    const only = await part(upload, 1, Buffer.from('x'))
    await varve.sdk.send(
      new PutObjectCommand({ Bucket: upload.Bucket, Key: 'k', Body: Buffer.from('taken') }),
    )
    expect(await refusal(complete(upload, [only], { IfNoneMatch: '*' }))).toEqual({
      code: 'PreconditionFailed',
      status: 412,
    })
    expect(await refusal(complete(upload, [only], { IfMatch: '"0"' }))).toEqual({
      code: 'PreconditionFailed',
      status: 412,
    })
    const head = await varve.sdk.send(new HeadObjectCommand(upload))
    await complete(upload, [only], { IfMatch: head.ETag })
    expect((await content(upload.Bucket)).toString()).toBe('x')
  })

  it('refuses a size that is not the sum', async () => {
    const upload = await begin()
    const only = await part(upload, 1, Buffer.from('x'))
    expect(await refusal(complete(upload, [only], { MpuObjectSize: 2 }))).toEqual({
      code: 'InvalidRequest',
      status: 400,
    })
    await complete(upload, [only], { MpuObjectSize: 1 })
  })

  it('knows each of 10,000 parts', async () => {
    const upload = await begin()
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
    const joined = await refusal(complete(upload, parts))
    expect(joined).toEqual({ code: 'EntityTooSmall', status: 400 })
    const wrong = parts.with(9_999, { PartNumber: 10_000, ETag: parts[0]?.ETag })
    expect((await refusal(complete(upload, wrong))).code).toBe('InvalidPart')
    await complete(upload, parts.slice(9_999))
    expect((await content(upload.Bucket)).toString()).toBe('part 10000')
  })
})

describe('AbortMultipartUpload', () => {
  it('forgets the upload and its parts', async () => {
    const upload = await begin()
    await part(upload, 1, Buffer.from('x'))
    await varve.sdk.send(new AbortMultipartUploadCommand(upload))
    expect(await refusal(varve.sdk.send(new ListPartsCommand(upload)))).toEqual(NO_SUCH_UPLOAD)
    const again = varve.sdk.send(new AbortMultipartUploadCommand(upload))
    expect(await refusal(again)).toEqual(NO_SUCH_UPLOAD)
  })

  it('does not harm the object of a completed upload', async () => {
    const upload = await begin()
    await complete(upload, [await part(upload, 1, Buffer.from('x'))])
    await refusal(varve.sdk.send(new AbortMultipartUploadCommand(upload))).catch(() => null)
    expect((await content(upload.Bucket)).toString()).toBe('x')
  })

  it('lets the bucket be deleted', async () => {
    const upload = await begin()
    await part(upload, 1, Buffer.from('x'))
    await varve.sdk.send(new AbortMultipartUploadCommand(upload))
    const reply = await varve.wire.send({ method: 'DELETE', path: `/${upload.Bucket}` })
    expect(reply.status).toBe(204)
  })
})

describe('ListParts', () => {
  it('lists in order of number, page by page', async () => {
    const upload = await begin()
    const numbers = [2, 7, 1, 10_000, 33]
    for (const number of numbers) await part(upload, number, Buffer.from(`part ${number}`))
    const found = []
    let marker: string | undefined
    do {
      const page = await varve.sdk.send(
        new ListPartsCommand({ ...upload, MaxParts: 2, PartNumberMarker: marker }),
      )
      expect(page).toMatchObject({ Bucket: upload.Bucket, Key: 'k', MaxParts: 2 })
      found.push(...(page.Parts ?? []))
      marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined
    } while (marker !== undefined)
    expect(found.map((item) => item.PartNumber)).toEqual([1, 2, 7, 33, 10_000])
    expect(found.map((item) => item.Size)).toEqual([6, 6, 6, 7, 10])
    expect(found[0]?.ETag).toBe(`"${md5(Buffer.from('part 1')).toString('hex')}"`)
  })

  it('names initiator, owner and storage class', async () => {
    const upload = await begin({ StorageClass: 'STANDARD_IA' })
    const page = await varve.sdk.send(new ListPartsCommand(upload))
    expect([page.StorageClass, page.IsTruncated]).toEqual(['STANDARD_IA', false])
    expect(page.Owner?.ID).toMatch(/./)
    expect(page.Initiator?.ID).toMatch(/./)
  })

  it.each(['max-parts=-1', 'max-parts=x', 'part-number-marker=x'])('refuses %s', async (more) => {
    const upload = await begin()
    const query = `uploadId=${encodeURIComponent(upload.UploadId)}&${more}`
    const reply = await varve.wire.send({ method: 'GET', path: `/${upload.Bucket}/k`, query })
    expect([reply.status, reply.code]).toEqual([400, 'InvalidArgument'])
  })
})

describe('ListMultipartUploads', () => {
  it('lists by key, then by upload, page by page', async () => {
    const Bucket = await varve.bucket()
    const made: Upload[] = []
    for (const key of ['b', 'a', 'c/1', 'a', 'c/2']) made.push(await begin({ Bucket }, key))
    const found = []
    let query: { KeyMarker?: string; UploadIdMarker?: string } | null = {}
    while (query !== null) {
      const page: Awaited<ReturnType<typeof pageAfter>> = await pageAfter(Bucket, query)
      found.push(...(page.Uploads ?? []))
      query =
        page.IsTruncated === true
          ? { KeyMarker: page.NextKeyMarker ?? '', UploadIdMarker: page.NextUploadIdMarker ?? '' }
          : null
    }
    expect(found.map((item) => item.Key)).toEqual(['a', 'a', 'b', 'c/1', 'c/2'])
    expect(new Set(found.map((item) => item.UploadId))).toEqual(
      new Set(made.map((item) => item.UploadId)),
    )
  })

  async function pageAfter(Bucket: string, query: object) {
    return await varve.sdk.send(
      new ListMultipartUploadsCommand({ Bucket, MaxUploads: 2, ...query }),
    )
  }

  it('knows prefix and delimiter', async () => {
    const Bucket = await varve.bucket()
    for (const key of ['a/1', 'a/2', 'b', 'ab']) await begin({ Bucket }, key)
    const list = async (query: object) => {
      const page = await varve.sdk.send(new ListMultipartUploadsCommand({ Bucket, ...query }))
      return [
        page.Uploads?.map((item) => item.Key) ?? [],
        page.CommonPrefixes?.map((item) => item.Prefix) ?? [],
      ]
    }
    expect(await list({ Prefix: 'a/' })).toEqual([['a/1', 'a/2'], []])
    expect(await list({ Delimiter: '/' })).toEqual([['ab', 'b'], ['a/']])
    expect(await list({ Prefix: 'a', Delimiter: '/' })).toEqual([['ab'], ['a/']])
    expect(await list({ Prefix: 'zzz' })).toEqual([[], []])
  })

  it('forgets what was completed or aborted', async () => {
    const Bucket = await varve.bucket()
    const [a, b, c] = [await begin({ Bucket }), await begin({ Bucket }), await begin({ Bucket })]
    await complete(a, [await part(a, 1, Buffer.from('x'))])
    await varve.sdk.send(new AbortMultipartUploadCommand(b))
    const page = await varve.sdk.send(new ListMultipartUploadsCommand({ Bucket }))
    expect(page.Uploads?.map((item) => item.UploadId)).toEqual([c.UploadId])
  })
})

describe('UploadPartCopy', () => {
  const body = pseudoRandomBytes(6 * MIB, 99)

  async function source(): Promise<string> {
    const Bucket = await varve.bucket()
    await varve.sdk.send(new PutObjectCommand({ Bucket, Key: 'from me+ü', Body: body }))
    return `${Bucket}/${encodeURIComponent('from me+ü')}`
  }

  it('makes parts of whole objects and of ranges', async () => {
    const CopySource = await source()
    const upload = await begin()
    const copy = async (PartNumber: number, CopySourceRange?: string) => {
      const range = CopySourceRange === undefined ? {} : { CopySourceRange }
      const reply = await varve.sdk.send(
        new UploadPartCopyCommand({ ...upload, PartNumber, CopySource, ...range }),
      )
      return { PartNumber, ETag: reply.CopyPartResult?.ETag }
    }
    const pieces = [body, body.subarray(1, 5 * MIB + 2), body.subarray(6 * MIB - 3)]
    const parts = [
      await copy(1),
      await copy(2, `bytes=1-${5 * MIB + 1}`),
      await copy(3, `bytes=${6 * MIB - 3}-${6 * MIB - 1}`),
    ]
    const reply = await complete(upload, parts)
    expect(reply.ETag).toBe(multipartEtag(pieces))
    expect((await content(upload.Bucket)).equals(Buffer.concat(pieces))).toBe(true)
  })

  it('stays whole when the source is deleted before the upload is complete', async () => {
    const CopySource = await source()
    const upload = await begin()
    const reply = await varve.sdk.send(
      new UploadPartCopyCommand({ ...upload, PartNumber: 1, CopySource }),
    )
    await varve.wire.send({ method: 'DELETE', path: `/${CopySource}` })
    await complete(upload, [{ PartNumber: 1, ETag: reply.CopyPartResult?.ETag }])
    expect((await content(upload.Bucket)).equals(body)).toBe(true)
  })

  it.each([
    // Ceph's suite allows both answers to a range past the end.
    ['bytes=0-6291456', ['400 InvalidArgument', '416 InvalidRange']],
    ['bytes=5-4', ['400 InvalidArgument']],
    ['bytes=0-', ['400 InvalidArgument']],
    ['bytes=-5', ['400 InvalidArgument']],
    ['0-5', ['400 InvalidArgument']],
  ])('refuses the range %s', async (range, answers) => {
    const [CopySource, upload] = [await source(), await begin()]
    const reply = await varve.wire.send({
      method: 'PUT',
      path: `/${upload.Bucket}/k`,
      query: `partNumber=1&uploadId=${encodeURIComponent(upload.UploadId)}`,
      headers: { 'x-amz-copy-source': CopySource, 'x-amz-copy-source-range': range },
    })
    expect(answers).toContain(`${reply.status} ${reply.code}`)
  })

  it('honours conditions on the source', async () => {
    const [CopySource, upload] = [await source(), await begin()]
    const call = varve.sdk.send(
      new UploadPartCopyCommand({
        ...upload,
        PartNumber: 1,
        CopySource,
        CopySourceIfMatch: '"0"',
      }),
    )
    expect(await refusal(call)).toEqual({ code: 'PreconditionFailed', status: 412 })
  })

  it('answers with a document of its own', async () => {
    const [CopySource, upload] = [await source(), await begin()]
    const reply = await varve.wire.send({
      method: 'PUT',
      path: `/${upload.Bucket}/k`,
      query: `partNumber=1&uploadId=${encodeURIComponent(upload.UploadId)}`,
      headers: { 'x-amz-copy-source': CopySource },
    })
    expect(reply.status).toBe(200)
    expect(element(reply.text, 'ETag')).toBe(`"${md5(body).toString('hex')}"`)
  })
})
