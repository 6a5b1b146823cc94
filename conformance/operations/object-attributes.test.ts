import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectAttributesCommand,
  type ObjectAttributes,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { checksum } from '../harness/checksums.ts'
import { pseudoRandomBytes, refusal, useServer } from '../harness/fixture.ts'

const varve = useServer()
const all: ObjectAttributes[] = ['Checksum', 'ETag', 'ObjectParts', 'ObjectSize', 'StorageClass']

describe('GetObjectAttributes', () => {
  it('tells what was asked, and only that', async () => {
    const Bucket = await varve.bucket()
    const at = { Bucket, Key: 'k' }
    await varve.sdk.send(
      new PutObjectCommand({ ...at, Body: Buffer.from('four'), ChecksumAlgorithm: 'SHA256' }),
    )
    const whole = await varve.sdk.send(
      new GetObjectAttributesCommand({ ...at, ObjectAttributes: all }),
    )
    expect(whole).toMatchObject({
      ETag: '8cbad96aced40b3838dd9f07f6ef5772',
      ObjectSize: 4,
      StorageClass: 'STANDARD',
      Checksum: {
        ChecksumSHA256: checksum('sha256', Buffer.from('four')),
        ChecksumType: 'FULL_OBJECT',
      },
    })
    expect(whole.ObjectParts).toBeUndefined()
    const size = await varve.sdk.send(
      new GetObjectAttributesCommand({ ...at, ObjectAttributes: ['ObjectSize'] }),
    )
    expect([size.ObjectSize, size.ETag, size.Checksum]).toEqual([4, undefined, undefined])
  })

  it('counts the parts of an upload', async () => {
    const Bucket = await varve.bucket()
    const upload = await varve.sdk.send(new CreateMultipartUploadCommand({ Bucket, Key: 'k' }))
    const at = { Bucket, Key: 'k', UploadId: upload.UploadId }
    const Parts = []
    for (const [index, size] of [5 * 1024 * 1024, 10].entries()) {
      const PartNumber = index + 1
      const Body = pseudoRandomBytes(size)
      const part = await varve.sdk.send(new UploadPartCommand({ ...at, PartNumber, Body }))
      Parts.push({ PartNumber, ETag: part.ETag })
    }
    await varve.sdk.send(new CompleteMultipartUploadCommand({ ...at, MultipartUpload: { Parts } }))
    const told = await varve.sdk.send(
      new GetObjectAttributesCommand({ Bucket, Key: 'k', ObjectAttributes: all }),
    )
    expect(told.ObjectParts?.TotalPartsCount).toBe(2)
    expect(told.ObjectSize).toBe(5 * 1024 * 1024 + 10)
  })

  it('knows no key that is not, and no attribute that is none', async () => {
    const Bucket = await varve.bucket()
    const call = varve.sdk.send(
      new GetObjectAttributesCommand({ Bucket, Key: 'no', ObjectAttributes: ['ETag'] }),
    )
    expect(await refusal(call)).toEqual({ code: 'NoSuchKey', status: 404 })
    const path = `/${Bucket}/k`
    await varve.wire.send({ method: 'PUT', path, body: 'x' })
    for (const headers of [{}, { 'x-amz-object-attributes': 'Colour' }]) {
      const query = 'attributes='
      const reply = await varve.wire.send({ method: 'GET', path, query, headers })
      expect([reply.status, reply.code]).toEqual([400, expect.stringMatching(/^Invalid/)])
    }
  })
})
