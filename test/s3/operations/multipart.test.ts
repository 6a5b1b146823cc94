import { createHash } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { presignedGet } from '../../http/support/presign.ts'
import { refusal } from '../../http/support/refusal.ts'
import { S3Server } from '../../http/support/s3-server.ts'

const Bucket = 'multipart-bucket'
const MIB = 1024 * 1024
const FIVE = Buffer.alloc(5 * MIB, 'five')

let server: S3Server
beforeAll(async () => {
  server = await S3Server.open()
  await server.client.send(new CreateBucketCommand({ Bucket }))
  await server.client.send(new PutObjectCommand({ Bucket, Key: 'source', Body: FIVE }))
})
afterAll(() => server[Symbol.asyncDispose]())

const md5 = (...parts: Buffer[]) => {
  const hash = createHash('md5')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
const create = async (Key: string, more: object = {}) => {
  const made = await server.client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }))
  return { Bucket, Key, UploadId: made.UploadId ?? '' }
}
type Name = Awaited<ReturnType<typeof create>>
const part = (name: Name, PartNumber: number, Body: Buffer | string, more: object = {}) =>
  server.client.send(new UploadPartCommand({ ...name, PartNumber, Body, ...more }))
const complete = (name: Name, Parts: object[], more: object = {}) =>
  server.client.send(
    new CompleteMultipartUploadCommand({ ...name, MultipartUpload: { Parts }, ...more }),
  )

describe('a multipart upload', () => {
  it('becomes an object with the ETag that S3 would give it', async () => {
    const name = await create('whole', {
      ContentType: 'text/x',
      Metadata: { m: '1' },
      Tagging: 'a=b',
    })
    const second = await part(name, 7, 'tail')
    const first = await part(name, 2, 'replaced')
    const again = await part(name, 2, FIVE)
    expect(again.ETag).toBe(`"${md5(FIVE).toString('hex')}"`)
    expect((await refusal(complete(name, [{ PartNumber: 2, ETag: first.ETag }]))).code).toBe(
      'InvalidPart',
    )
    const done = await complete(name, [
      { PartNumber: 2, ETag: again.ETag },
      { PartNumber: 7, ETag: second.ETag },
    ])
    const etag = `"${md5(md5(FIVE), md5(Buffer.from('tail'))).toString('hex')}-2"`
    expect(done).toMatchObject({ Bucket, Key: 'whole', ETag: etag, ChecksumType: 'FULL_OBJECT' })
    expect(done.Location).toBe(`${server.endpoint}/${Bucket}/whole`)
    const got = await server.client.send(new GetObjectCommand({ Bucket, Key: 'whole' }))
    expect(got).toMatchObject({
      ETag: etag,
      ContentType: 'text/x',
      Metadata: { m: '1' },
      TagCount: 1,
    })
    expect(got.PartsCount).toBeUndefined()
    const bytes = Buffer.from((await got.Body?.transformToByteArray()) ?? [])
    expect(bytes.equals(Buffer.concat([FIVE, Buffer.from('tail')]))).toBe(true)
  })

  it('is read by part', async () => {
    const read = (PartNumber: number) =>
      server.client.send(new GetObjectCommand({ Bucket, Key: 'whole', PartNumber }))
    const tail = await read(2)
    expect(tail).toMatchObject({ PartsCount: 2, ContentLength: 4 })
    expect(tail.ContentRange).toBe(`bytes ${5 * MIB}-${5 * MIB + 3}/${5 * MIB + 4}`)
    expect(tail.$metadata.httpStatusCode).toBe(206)
    expect(await tail.Body?.transformToString()).toBe('tail')
    expect(await refusal(read(3))).toMatchObject({ status: 416, code: 'InvalidPartNumber' })
  })

  it('tells its parts', async () => {
    const ask = (more: object) =>
      server.client.send(
        new GetObjectAttributesCommand({
          Bucket,
          Key: 'whole',
          ObjectAttributes: ['ObjectParts', 'ObjectSize'],
          ...more,
        }),
      )
    const all = await ask({})
    expect(all.ObjectParts).toMatchObject({
      TotalPartsCount: 2,
      IsTruncated: false,
      PartNumberMarker: '0',
    })
    expect(all.ObjectParts?.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
      [1, 5 * MIB],
      [2, 4],
    ])
    const page = await ask({ MaxParts: 1 })
    expect(page.ObjectParts).toMatchObject({
      IsTruncated: true,
      NextPartNumberMarker: '1',
      MaxParts: 1,
    })
    const rest = await ask({ PartNumberMarker: '1' })
    expect(rest.ObjectParts?.Parts?.map(({ PartNumber }) => PartNumber)).toEqual([2])
  })

  it('is completed twice with the same answer', async () => {
    const name = await create('twice')
    const { ETag } = await part(name, 1, 'x')
    const first = await complete(name, [{ PartNumber: 1, ETag }])
    const second = await complete(name, [{ PartNumber: 1, ETag }])
    expect(second.ETag).toBe(first.ETag)
  })

  it('keeps conditions', async () => {
    const name = await create('whole')
    const { ETag } = await part(name, 1, 'x')
    const refused = await refusal(complete(name, [{ PartNumber: 1, ETag }], { IfNoneMatch: '*' }))
    expect(refused).toMatchObject({ status: 412, code: 'PreconditionFailed' })
  })

  it.each([
    ['nothing', [], 'MalformedXML'],
    [
      'a part that was not sent',
      [{ PartNumber: 9, ETag: '"0cc175b9c0f1b6a831c399e269772661"' }],
      'InvalidPart',
    ],
    ['part 0', [{ PartNumber: 0, ETag: '"x"' }], 'InvalidArgument'],
    ['part 10001', [{ PartNumber: 10_001, ETag: '"x"' }], 'InvalidArgument'],
  ])('is not completed with %s', async (_name, parts, code) => {
    const name = await create('incomplete')
    await part(name, 1, 'x')
    expect(await refusal(complete(name, parts))).toMatchObject({ status: 400, code })
  })

  it('is not completed out of order, nor with small parts before the last', async () => {
    const name = await create('order')
    const one = await part(name, 1, 'x')
    const two = await part(name, 2, 'y')
    const parts = [
      { PartNumber: 1, ETag: one.ETag },
      { PartNumber: 2, ETag: two.ETag },
    ]
    expect((await refusal(complete(name, parts.toReversed()))).code).toBe('InvalidPartOrder')
    expect((await refusal(complete(name, parts))).code).toBe('EntityTooSmall')
  })

  it.each([0, 10_001, -1])('has no part %s', async (number) => {
    const name = await create('numbers')
    const refused = await refusal(part(name, number, 'x'))
    expect(refused).toMatchObject({ status: 400, code: 'InvalidArgument' })
  })

  it('is gone once aborted', async () => {
    const name = await create('aborted')
    await part(name, 1, 'x')
    const gone = await server.client.send(new AbortMultipartUploadCommand(name))
    expect(gone.$metadata.httpStatusCode).toBe(204)
    for (const request of [
      () => part(name, 1, 'x'),
      () => complete(name, [{ PartNumber: 1, ETag: '"x"' }]),
      () => server.client.send(new ListPartsCommand(name)),
      () => server.client.send(new AbortMultipartUploadCommand(name)),
    ]) {
      expect(await refusal(request())).toMatchObject({ status: 404, code: 'NoSuchUpload' })
    }
  })

  it('of lib-storage works without a setting', async () => {
    const Body = Buffer.alloc(12 * MIB, 'lib')
    const upload = new Upload({ client: server.client, params: { Bucket, Key: 'lib', Body } })
    const done = await upload.done()
    expect(done.ETag).toMatch(/-3"$/)
    const target = await presignedGet(server, Bucket, 'lib')
    const bytes = Buffer.from(await (await fetch(`${server.endpoint}${target}`)).arrayBuffer())
    expect(bytes.equals(Body)).toBe(true)
  })
})

describe('checksums of uploads', () => {
  it('COMPOSITE: of the checksums of the parts', async () => {
    const name = await create('composite', { ChecksumAlgorithm: 'SHA256' })
    const sha = (body: Buffer) => createHash('sha256').update(body).digest()
    const ChecksumSHA256 = sha(FIVE).toString('base64')
    const one = await part(name, 1, FIVE, { ChecksumSHA256 })
    expect(one.ChecksumSHA256).toBe(ChecksumSHA256)
    const listed = await server.client.send(new ListPartsCommand(name))
    expect(listed).toMatchObject({ ChecksumAlgorithm: 'SHA256', ChecksumType: 'COMPOSITE' })
    expect(listed.Parts?.[0]?.ChecksumSHA256).toBe(ChecksumSHA256)
    const whole = `${sha(sha(FIVE)).toString('base64')}-1`
    const parts = [{ PartNumber: 1, ETag: one.ETag, ChecksumSHA256 }]
    const wrong = `${ChecksumSHA256}-1`
    expect((await refusal(complete(name, parts, { ChecksumSHA256: wrong }))).code).toBe('BadDigest')
    // The header speaks of the object, not of the document that carries it.
    const done = await complete(name, parts, { ChecksumSHA256: whole })
    expect(done).toMatchObject({ ChecksumSHA256: whole, ChecksumType: 'COMPOSITE' })
    const head = await server.client.send(
      new HeadObjectCommand({ Bucket, Key: 'composite', ChecksumMode: 'ENABLED' }),
    )
    expect(head).toMatchObject({ ChecksumSHA256: whole, ChecksumType: 'COMPOSITE' })
  })

  it('FULL_OBJECT: of the bytes, combined', async () => {
    const { crc32 } = await import('node:zlib')
    const base64 = (value: number) => {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(value)
      return bytes.toString('base64')
    }
    const more = { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' }
    const name = await create('full', more)
    const one = await part(name, 1, FIVE)
    const two = await part(name, 2, 'tail')
    const whole = base64(crc32(Buffer.concat([FIVE, Buffer.from('tail')])))
    const done = await complete(
      name,
      [
        { PartNumber: 1, ETag: one.ETag },
        { PartNumber: 2, ETag: two.ETag },
      ],
      { ChecksumCRC32: whole, ChecksumType: 'FULL_OBJECT', MpuObjectSize: 5 * MIB + 4 },
    )
    expect(done).toMatchObject({ ChecksumCRC32: whole, ChecksumType: 'FULL_OBJECT' })
  })

  it('are refused where S3 does not offer them', async () => {
    const bad = create('bad', { ChecksumAlgorithm: 'SHA256', ChecksumType: 'FULL_OBJECT' })
    expect(await refusal(bad)).toMatchObject({ status: 400, code: 'InvalidRequest' })
  })
})

describe('UploadPartCopy', () => {
  const copy = (name: Name, more: object) =>
    server.client.send(
      new UploadPartCopyCommand({
        ...name,
        PartNumber: 1,
        CopySource: `${Bucket}/source`,
        ...more,
      }),
    )

  it('takes an object or a range of it', async () => {
    const name = await create('copied')
    const whole = await copy(name, {})
    expect(whole.CopyPartResult?.ETag).toBe(`"${md5(FIVE).toString('hex')}"`)
    const range = await copy(name, { PartNumber: 2, CopySourceRange: 'bytes=1-4' })
    await complete(name, [
      { PartNumber: 1, ETag: whole.CopyPartResult?.ETag },
      { PartNumber: 2, ETag: range.CopyPartResult?.ETag },
    ])
    const got = await server.client.send(
      new GetObjectCommand({ Bucket, Key: 'copied', Range: 'bytes=-4' }),
    )
    expect(await got.Body?.transformToString()).toBe(FIVE.toString('latin1', 1, 5))
  })

  it.each([
    ['a range beyond the end', { CopySourceRange: `bytes=0-${5 * MIB}` }, 'InvalidRange'],
    ['half a range', { CopySourceRange: 'bytes=0-' }, 'InvalidArgument'],
    ['no such key', { CopySource: `${Bucket}/none` }, 'NoSuchKey'],
    ['a condition', { CopySourceIfMatch: '"other"' }, 'PreconditionFailed'],
  ])('fails for %s', async (_name, more, code) => {
    expect((await refusal(copy(await create('failing'), more))).code).toBe(code)
  })
})

describe('listings of uploads', () => {
  it('ListParts goes in pages', async () => {
    const name = await create('paged')
    for (const number of [1, 3, 5]) await part(name, number, `${number}`)
    const list = (more: object) => server.client.send(new ListPartsCommand({ ...name, ...more }))
    const first = await list({ MaxParts: 2 })
    expect(first).toMatchObject({ IsTruncated: true, NextPartNumberMarker: '3', MaxParts: 2 })
    expect(first.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
      [1, 1],
      [3, 1],
    ])
    const rest = await list({ PartNumberMarker: first.NextPartNumberMarker })
    expect(rest.Parts?.map(({ PartNumber }) => PartNumber)).toEqual([5])
    expect(rest).toMatchObject({ IsTruncated: false, StorageClass: 'STANDARD' })
  })

  it('ListMultipartUploads goes in pages, by prefix and delimiter', async () => {
    const Bucket = 'uploads-bucket'
    await server.client.send(new CreateBucketCommand({ Bucket }))
    const ids: string[] = []
    for (const Key of ['a/1', 'a/2', 'b', 'b']) {
      const made = await server.client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
      ids.push(made.UploadId ?? '')
    }
    const list = (more: object = {}) =>
      server.client.send(new ListMultipartUploadsCommand({ Bucket, ...more }))
    expect((await list()).Uploads?.map(({ UploadId }) => UploadId)).toEqual(ids)
    const folded = await list({ Delimiter: '/' })
    expect(folded.CommonPrefixes).toEqual([{ Prefix: 'a/' }])
    expect(folded.Uploads).toHaveLength(2)
    const seen: (string | undefined)[] = []
    let more: object | null = {}
    while (more !== null) {
      const page = await list({ MaxUploads: 1, ...more })
      seen.push(...(page.Uploads ?? []).map(({ UploadId }) => UploadId))
      more = page.IsTruncated
        ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
        : null
    }
    expect(seen).toEqual(ids)
  })
})
