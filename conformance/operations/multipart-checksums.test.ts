import {
  type ChecksumAlgorithm,
  type ChecksumType,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { type ChecksumName, checksum, compositeChecksum } from '../harness/checksums.ts'
import { pseudoRandomBytes, refusal, useServer } from '../harness/fixture.ts'

const varve = useServer()
const bodies = [pseudoRandomBytes(5 * 1024 * 1024, 1), pseudoRandomBytes(1000, 2)]
const whole = Buffer.concat(bodies)

const fieldOf = {
  crc32: 'ChecksumCRC32',
  crc32c: 'ChecksumCRC32C',
  crc64nvme: 'ChecksumCRC64NVME',
  sha1: 'ChecksumSHA1',
  sha256: 'ChecksumSHA256',
} as const satisfies Record<ChecksumName, string>

interface Upload {
  readonly Bucket: string
  readonly Key: string
  readonly UploadId: string
}

async function begin(name: ChecksumName, type?: ChecksumType): Promise<Upload> {
  const Bucket = await varve.bucket()
  const reply = await varve.sdk.send(
    new CreateMultipartUploadCommand({
      Bucket,
      Key: 'k',
      ChecksumAlgorithm: name.toUpperCase() as ChecksumAlgorithm,
      ...(type !== undefined && { ChecksumType: type }),
    }),
  )
  expect(reply.ChecksumAlgorithm).toBe(name.toUpperCase())
  if (type !== undefined) expect(reply.ChecksumType).toBe(type)
  return { Bucket, Key: 'k', UploadId: reply.UploadId ?? '' }
}

async function parts(upload: Upload, name: ChecksumName): Promise<CompletedPart[]> {
  const done: CompletedPart[] = []
  for (const [at, body] of bodies.entries()) {
    const field = fieldOf[name]
    const reply = await varve.sdk.send(
      new UploadPartCommand({
        ...upload,
        PartNumber: at + 1,
        Body: body,
        ChecksumAlgorithm: name.toUpperCase() as ChecksumAlgorithm,
      }),
    )
    expect(reply[field]).toBe(checksum(name, body))
    done.push({ PartNumber: at + 1, ETag: reply.ETag, [field]: reply[field] })
  }
  return done
}

async function complete(upload: Upload, Parts: CompletedPart[], more: object = {}) {
  return await varve.sdk.send(
    new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts }, ...more }),
  )
}

describe.each(['crc32', 'crc32c', 'sha1', 'sha256'] as const)('COMPOSITE %s', (name) => {
  it('is the checksum of the checksums, with the count of parts', async () => {
    const upload = await begin(name, 'COMPOSITE')
    const done = await parts(upload, name)
    const listed = await varve.sdk.send(new ListPartsCommand(upload))
    expect(listed.ChecksumAlgorithm).toBe(name.toUpperCase())
    expect(listed.ChecksumType).toBe('COMPOSITE')
    expect(listed.Parts?.map((part) => part[fieldOf[name]])).toEqual(
      bodies.map((body) => checksum(name, body)),
    )
    const expected = compositeChecksum(name, bodies)
    const reply = await complete(upload, done)
    expect([reply[fieldOf[name]], reply.ChecksumType]).toEqual([expected, 'COMPOSITE'])
    const head = await varve.sdk.send(
      new HeadObjectCommand({ Bucket: upload.Bucket, Key: 'k', ChecksumMode: 'ENABLED' }),
    )
    expect([head[fieldOf[name]], head.ChecksumType]).toEqual([expected, 'COMPOSITE'])
  })

  it('is the default', async () => {
    const upload = await begin(name)
    const reply = await complete(upload, await parts(upload, name))
    expect(reply.ChecksumType).toBe('COMPOSITE')
    expect(reply[fieldOf[name]]).toBe(compositeChecksum(name, bodies))
  })

  it('refuses a part whose checksum differs', async () => {
    const upload = await begin(name, 'COMPOSITE')
    const done = await parts(upload, name)
    const wrong = [{ ...done[0], [fieldOf[name]]: done[1]?.[fieldOf[name]] }, ...done.slice(1)]
    const call = complete(upload, wrong as CompletedPart[])
    expect(await refusal(call)).toEqual({ code: 'InvalidPart', status: 400 })
    await complete(upload, done)
  })
})

describe.each(['crc32', 'crc32c', 'crc64nvme'] as const)('FULL_OBJECT %s', (name) => {
  it('is the checksum of the bytes', async () => {
    const upload = await begin(name, 'FULL_OBJECT')
    const done = await parts(upload, name)
    const expected = checksum(name, whole)
    const reply = await complete(upload, done, { ChecksumType: 'FULL_OBJECT' })
    expect([reply[fieldOf[name]], reply.ChecksumType]).toEqual([expected, 'FULL_OBJECT'])
    const got = await varve.sdk.send(
      new GetObjectCommand({ Bucket: upload.Bucket, Key: 'k', ChecksumMode: 'ENABLED' }),
    )
    expect([got[fieldOf[name]], got.ChecksumType]).toEqual([expected, 'FULL_OBJECT'])
    expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(whole)).toBe(true)
  })

  it('is compared with what the client says of the whole', async () => {
    const upload = await begin(name, 'FULL_OBJECT')
    const done = await parts(upload, name)
    const field = fieldOf[name]
    const wrong = complete(upload, done, { [field]: checksum(name, bodies[1] as Buffer) })
    expect((await refusal(wrong)).code).toBe('BadDigest')
    await complete(upload, done, { [field]: checksum(name, whole) })
  })
})

describe('Checksums of uploads', () => {
  it.each([
    ['crc64nvme', 'COMPOSITE'],
    ['sha1', 'FULL_OBJECT'],
    ['sha256', 'FULL_OBJECT'],
  ] as const)('%s cannot be %s', async (name, type) => {
    expect(await refusal(begin(name, type))).toEqual({ code: 'InvalidRequest', status: 400 })
  })

  it('CRC64NVME is FULL_OBJECT without being told', async () => {
    const upload = await begin('crc64nvme')
    const reply = await complete(upload, await parts(upload, 'crc64nvme'))
    expect(reply.ChecksumType).toBe('FULL_OBJECT')
    expect(reply.ChecksumCRC64NVME).toBe(checksum('crc64nvme', whole))
  })

  it('of a part must be of the kind the upload was begun with', async () => {
    const upload = await begin('crc32', 'COMPOSITE')
    const call = varve.sdk.send(
      new UploadPartCommand({
        ...upload,
        PartNumber: 1,
        Body: bodies[1] as Buffer,
        ChecksumAlgorithm: 'SHA256',
      }),
    )
    expect(await refusal(call)).toEqual({ code: 'InvalidRequest', status: 400 })
  })

  it('a part that does not match its own is refused', async () => {
    const upload = await begin('crc32', 'COMPOSITE')
    const reply = await varve.wire.send({
      method: 'PUT',
      path: `/${upload.Bucket}/k`,
      query: `partNumber=1&uploadId=${encodeURIComponent(upload.UploadId)}`,
      body: 'x',
      headers: { 'x-amz-checksum-crc32': 'AAAAAA==' },
    })
    expect([reply.status, reply.code]).toEqual([400, 'BadDigest'])
    const listed = await varve.sdk.send(new ListPartsCommand(upload))
    expect(listed.Parts ?? []).toEqual([])
  })

  it('nobody asked for: the object has CRC64NVME of the whole', async () => {
    const Bucket = await varve.bucket()
    const begun = await varve.wire.send({ method: 'POST', path: `/${Bucket}/k`, query: 'uploads=' })
    const UploadId = /<UploadId>(.*)<\/UploadId>/.exec(begun.text)?.[1] ?? ''
    const done: CompletedPart[] = []
    for (const [at, body] of bodies.entries()) {
      const query = `partNumber=${at + 1}&uploadId=${encodeURIComponent(UploadId)}`
      const reply = await varve.wire.send({ method: 'PUT', path: `/${Bucket}/k`, query, body })
      done.push({ PartNumber: at + 1, ETag: String(reply.headers.etag) })
    }
    await complete({ Bucket, Key: 'k', UploadId }, done)
    const head = await varve.sdk.send(
      new HeadObjectCommand({ Bucket, Key: 'k', ChecksumMode: 'ENABLED' }),
    )
    expect(head.ChecksumCRC64NVME).toBe(checksum('crc64nvme', whole))
    expect(head.ChecksumType).toBe('FULL_OBJECT')
  })
})
