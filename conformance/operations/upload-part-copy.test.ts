import { PutObjectCommand, UploadPartCopyCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { pseudoRandomBytes, refusal, useServer } from '../harness/fixture.ts'
import { MIB, md5, multipartEtag, Uploads } from '../harness/uploads.ts'
import { element } from '../harness/xml.ts'

const varve = useServer()
const uploads = new Uploads(varve)

describe('UploadPartCopy', () => {
  const body = pseudoRandomBytes(6 * MIB, 99)

  async function source(): Promise<string> {
    const Bucket = await varve.bucket()
    await varve.sdk.send(new PutObjectCommand({ Bucket, Key: 'from me+ü', Body: body }))
    return `${Bucket}/${encodeURIComponent('from me+ü')}`
  }

  it('makes parts of whole objects and of ranges', async () => {
    const CopySource = await source()
    const upload = await uploads.begin()
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
    const reply = await uploads.complete(upload, parts)
    expect(reply.ETag).toBe(multipartEtag(pieces))
    expect((await uploads.content(upload.Bucket)).equals(Buffer.concat(pieces))).toBe(true)
  })

  it('stays whole when the source is deleted before the upload is complete', async () => {
    const CopySource = await source()
    const upload = await uploads.begin()
    const reply = await varve.sdk.send(
      new UploadPartCopyCommand({ ...upload, PartNumber: 1, CopySource }),
    )
    await varve.wire.send({ method: 'DELETE', path: `/${CopySource}` })
    await uploads.complete(upload, [{ PartNumber: 1, ETag: reply.CopyPartResult?.ETag }])
    expect((await uploads.content(upload.Bucket)).equals(body)).toBe(true)
  })

  it.each([
    // Ceph's suite allows both answers to a range past the end.
    ['bytes=0-6291456', ['400 InvalidArgument', '416 InvalidRange']],
    ['bytes=5-4', ['400 InvalidArgument']],
    ['bytes=0-', ['400 InvalidArgument']],
    ['bytes=-5', ['400 InvalidArgument']],
    ['0-5', ['400 InvalidArgument']],
  ])('refuses the range %s', async (range, answers) => {
    const [CopySource, upload] = [await source(), await uploads.begin()]
    const reply = await varve.wire.send({
      method: 'PUT',
      path: `/${upload.Bucket}/k`,
      query: `partNumber=1&uploadId=${encodeURIComponent(upload.UploadId)}`,
      headers: { 'x-amz-copy-source': CopySource, 'x-amz-copy-source-range': range },
    })
    expect(answers).toContain(`${reply.status} ${reply.code}`)
  })

  it('honours conditions on the source', async () => {
    const [CopySource, upload] = [await source(), await uploads.begin()]
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
    const [CopySource, upload] = [await source(), await uploads.begin()]
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
