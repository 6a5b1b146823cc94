import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { useServer } from '../harness/fixture.ts'
import { md5, type Upload, Uploads } from '../harness/uploads.ts'

const varve = useServer()
const uploads = new Uploads(varve)

describe('ListParts', () => {
  it('lists in order of number, page by page', async () => {
    const upload = await uploads.begin()
    const numbers = [2, 7, 1, 10_000, 33]
    for (const number of numbers) await uploads.part(upload, number, Buffer.from(`part ${number}`))
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
    const upload = await uploads.begin({ StorageClass: 'STANDARD_IA' })
    const page = await varve.sdk.send(new ListPartsCommand(upload))
    expect([page.StorageClass, page.IsTruncated]).toEqual(['STANDARD_IA', false])
    expect(page.Owner?.ID).toMatch(/./)
    expect(page.Initiator?.ID).toMatch(/./)
  })

  it.each(['max-parts=-1', 'max-parts=x', 'part-number-marker=x'])('refuses %s', async (more) => {
    const upload = await uploads.begin()
    const query = `uploadId=${encodeURIComponent(upload.UploadId)}&${more}`
    const reply = await varve.wire.send({ method: 'GET', path: `/${upload.Bucket}/k`, query })
    expect([reply.status, reply.code]).toEqual([400, 'InvalidArgument'])
  })
})

describe('ListMultipartUploads', () => {
  it('lists by key, then by upload, page by page', async () => {
    const Bucket = await varve.bucket()
    const made: Upload[] = []
    for (const key of ['b', 'a', 'c/1', 'a', 'c/2']) made.push(await uploads.begin({ Bucket }, key))
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
    for (const key of ['a/1', 'a/2', 'b', 'ab']) await uploads.begin({ Bucket }, key)
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
    const [a, b, c] = [
      await uploads.begin({ Bucket }),
      await uploads.begin({ Bucket }),
      await uploads.begin({ Bucket }),
    ]
    await uploads.complete(a, [await uploads.part(a, 1, Buffer.from('x'))])
    await varve.sdk.send(new AbortMultipartUploadCommand(b))
    const page = await varve.sdk.send(new ListMultipartUploadsCommand({ Bucket }))
    expect(page.Uploads?.map((item) => item.UploadId)).toEqual([c.UploadId])
  })
})
