import { describe, expect, it } from 'vitest'
import { verifyRequest } from '../../../src/s3/auth/verify.ts'
import { objectBody } from '../../../src/s3/body/object-body.ts'
import * as aws from '../support/aws-examples.ts'
import { pieces, readAll, s3Request } from '../support/s3-request.ts'

describe('the worked examples of the AWS S3 API Reference', () => {
  it.each([
    ['GET Object', aws.getObject],
    ['PUT Object', aws.putObject],
    ['GET Bucket Lifecycle', aws.getBucketLifecycle],
    ['GET Bucket (List Objects)', aws.listObjects],
    ['chunked upload, seed signature', aws.putChunked],
    ['chunked upload with a trailer, seed signature', aws.putTrailer],
  ])('%s verifies', (_, parts) => {
    const verified = verifyRequest(s3Request(parts), aws.options)
    expect(verified.principal).toEqual({ kind: 'root', accessKey: aws.ACCESS_KEY })
    expect(verified.mode).toBe('header')
  })

  it('the presigned GET verifies', () => {
    const verified = verifyRequest(s3Request(aws.presignedGet), aws.options)
    expect(verified).toMatchObject({ mode: 'query', payload: { kind: 'unsigned' } })
  })

  it('the body of the single-chunk PUT has its declared digest', async () => {
    const parts = { ...aws.putObject, body: pieces('Welcome to ', 'Amazon S3.') }
    const request = s3Request({ ...parts, headers: [...parts.headers, ['content-length', '21']] })
    const body = objectBody(request, verifyRequest(request, aws.options))
    expect((await readAll(body.stream)).toString()).toBe(aws.putObjectBody)
  })

  it('the chunks of the chunked upload verify and lose their framing', async () => {
    const request = s3Request({ ...aws.putChunked, body: pieces(aws.chunkedFrames) })
    const body = objectBody(request, verifyRequest(request, aws.options))
    expect(body.size).toBe(66560)
    expect((await readAll(body.stream)).toString()).toBe(aws.chunkedContent)
  })

  it('the trailer of the upload with trailing headers verifies', async () => {
    const request = s3Request({ ...aws.putTrailer, body: pieces(aws.trailerFrames) })
    const body = objectBody(request, verifyRequest(request, aws.options))
    expect((await readAll(body.stream)).toString()).toBe(aws.chunkedContent)
    expect(body.checksum?.algorithm).toBe('CRC32C')
    expect(body.checksum?.expected()).toBe('sOO8/Q==')
  })
})
