import { describe, expect, it } from 'vitest'
import { bucketName, useServer } from '../harness/fixture.ts'
import type { WireRequest } from '../harness/wire.ts'

const varve = useServer()
const expecting = { expect: '100-continue' }

describe('Expect: 100-continue', () => {
  it('is answered when the body is wanted', async () => {
    const bucket = await varve.bucket()
    const request = { method: 'PUT', path: `/${bucket}/k`, body: 'wanted', headers: expecting }
    const reply = await varve.wire.send(request)
    expect([reply.status, reply.wasContinued]).toEqual([200, true])
    const stored = await varve.wire.send({ method: 'GET', path: `/${bucket}/k` })
    expect(stored.text).toBe('wanted')
  })

  const refusals: [string, number, string, (bucket: string) => Partial<WireRequest>][] = [
    ['a wrong signature', 403, 'SignatureDoesNotMatch', () => ({ tamper: () => '0'.repeat(64) })],
    ['no signature', 403, 'AccessDenied', () => ({ auth: 'none' })],
    ['no such bucket', 404, 'NoSuchBucket', () => ({ path: `/${bucketName()}/k` })],
    [
      'a taken key',
      412,
      'PreconditionFailed',
      (bucket) => ({
        path: `/${bucket}/taken`,
        headers: { ...expecting, 'if-none-match': '*' },
      }),
    ],
    [
      'too long a key',
      400,
      'KeyTooLongError',
      (bucket) => ({ path: `/${bucket}/${'k'.repeat(1025)}` }),
    ],
    [
      'too much metadata',
      400,
      'MetadataTooLarge',
      () => ({ headers: { ...expecting, 'x-amz-meta-a': 'm'.repeat(2100) } }),
    ],
    [
      'a digest that is none',
      400,
      'InvalidDigest',
      () => ({ headers: { ...expecting, 'content-md5': 'x' } }),
    ],
    ['no such upload', 404, 'NoSuchUpload', () => ({ query: 'partNumber=1&uploadId=none' })],
  ]

  it.each(refusals)('is not, for %s: the refusal comes before the body', async (...row) => {
    const [, status, code, bend] = row
    const bucket = await varve.bucket()
    await varve.wire.send({ method: 'PUT', path: `/${bucket}/taken`, body: 'x' })
    const reply = await varve.wire.send({
      method: 'PUT',
      path: `/${bucket}/k`,
      payloadHash: 'UNSIGNED-PAYLOAD',
      headers: expecting,
      body: Buffer.alloc(1_000_000),
      ...bend(bucket),
    })
    expect([reply.status, reply.code, reply.wasContinued]).toEqual([status, code, false])
  })

  it('of anything else is an expectation nobody can meet', async () => {
    const bucket = await varve.bucket()
    const reply = await varve.wire.send({
      method: 'PUT',
      path: `/${bucket}/k`,
      body: '',
      unsignedHeaders: { Expect: 'a miracle' },
    })
    expect([200, 400, 417]).toContain(reply.status)
  })
})
