/** What browsers do: preflights, requests of pages, and forms. */
import * as S3 from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { describe, expect, it } from 'vitest'
import { pseudoRandomBytes, refusal, useServer } from '../harness/fixture.ts'
import { signedForm } from '../harness/form.ts'

const varve = useServer()
const site = 'https://app.example.org'
const CORSRules = [
  {
    AllowedMethods: ['GET', 'PUT', 'POST'],
    AllowedOrigins: ['https://*.example.org'],
    AllowedHeaders: ['*'],
    ExposeHeaders: ['ETag'],
    MaxAgeSeconds: 600,
  },
]

async function bucketWithRules(): Promise<string> {
  const Bucket = await varve.bucket()
  await varve.sdk.send(new S3.PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }))
  return Bucket
}

describe.each(['PutBucketCors', 'GetBucketCors', 'DeleteBucketCors'])('%s', () => {
  it('does its part: put, got, deleted, gone', async () => {
    const Bucket = await bucketWithRules()
    const get = () => varve.sdk.send(new S3.GetBucketCorsCommand({ Bucket }))
    expect((await get()).CORSRules).toEqual(CORSRules)
    await varve.sdk.send(new S3.DeleteBucketCorsCommand({ Bucket }))
    expect(await refusal(get())).toEqual({ status: 404, code: 'NoSuchCORSConfiguration' })
  })
})

describe.each([
  ['PreflightBucket', ''],
  ['PreflightObject', '/k'],
])('%s', (_, key) => {
  const ask = (path: string, origin: string, method = 'PUT') =>
    fetch(`${varve.endpoint.url}${path}`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': method,
        'access-control-request-headers': 'content-type',
      },
    })

  it('is answered by the rules, without credentials', async () => {
    const path = `/${await bucketWithRules()}${key}`
    const allowed = await ask(path, site)
    expect(allowed.status).toBe(200)
    expect(allowed.headers.get('access-control-allow-origin')).toBe(site)
    expect(allowed.headers.get('access-control-allow-methods')).toBe('GET, PUT, POST')
    expect(allowed.headers.get('access-control-allow-headers')).toBe('content-type')
    expect(allowed.headers.get('access-control-max-age')).toBe('600')
    for (const refused of [await ask(path, 'https://evil.net'), await ask(path, site, 'DELETE')]) {
      expect(refused.status).toBe(403)
      expect(refused.headers.get('access-control-allow-origin')).toBeNull()
    }
  })
})

describe('A page', () => {
  it('uploads by a presigned URL and may read the ETag of the answer', async () => {
    const Bucket = await bucketWithRules()
    const url = await getSignedUrl(varve.sdk, new S3.PutObjectCommand({ Bucket, Key: 'k' }))
    const reply = await fetch(url, { method: 'PUT', body: 'x', headers: { origin: site } })
    expect(reply.status).toBe(200)
    expect(reply.headers.get('access-control-allow-origin')).toBe(site)
    expect(reply.headers.get('access-control-expose-headers')).toBe('ETag')
    const expired = await fetch(url.replace(/X-Amz-Signature=\w+/, 'X-Amz-Signature=0'), {
      method: 'PUT',
      body: 'x',
      headers: { origin: site },
    })
    expect(expired.status).toBe(403)
    expect(expired.headers.get('access-control-allow-origin')).toBe(site)
  })
})

describe('PostObject', () => {
  it('stores the file of a signed form, and nothing that the policy forbids', async () => {
    const bucket = await bucketWithRules()
    const file = pseudoRandomBytes(6 * 1024 * 1024 + 1)
    const upload = async (key: string, size: number) => {
      const form = signedForm(varve.endpoint, { bucket, key, size })
      form.append('file', new Blob([file]), 'photo.jpg')
      const headers = { origin: site }
      return fetch(`${varve.endpoint.url}/${bucket}`, { method: 'POST', body: form, headers })
    }
    const reply = await upload(`up/$${'{filename}'}`, file.length)
    expect(reply.status).toBe(201)
    expect(await reply.text()).toContain('<Key>up/photo.jpg</Key>')
    expect(reply.headers.get('access-control-allow-origin')).toBe(site)
    const object = await varve.sdk.send(
      new S3.GetObjectCommand({ Bucket: bucket, Key: 'up/photo.jpg' }),
    )
    const stored = await object.Body?.transformToByteArray()
    expect(Buffer.from(stored ?? []).equals(file)).toBe(true)

    const tooLarge = await upload('up/large', file.length - 1)
    expect(await tooLarge.text()).toContain('<Code>EntityTooLarge</Code>')
    const elsewhere = await upload('other/place', file.length)
    expect(elsewhere.status).toBe(403)
    const { KeyCount } = await varve.sdk.send(new S3.ListObjectsV2Command({ Bucket: bucket }))
    expect(KeyCount).toBe(1)
  })

  it('is not taken with a signature in its header: two ways to say who one is', async () => {
    const bucket = await varve.bucket()
    const body = ['key', 'file']
      .map((name) => `--XX\r\nContent-Disposition: form-data; name="${name}"\r\n\r\nk\r\n`)
      .concat('--XX--\r\n')
      .join('')
    const headers = { 'content-type': 'multipart/form-data; boundary=XX' }
    const reply = await varve.wire.send({ method: 'POST', path: `/${bucket}`, headers, body })
    expect([reply.status, reply.code]).toEqual([400, 'InvalidArgument'])
  })

  it('lets nobody in without a signature', async () => {
    const bucket = await varve.bucket()
    const form = new FormData()
    form.append('key', 'k')
    form.append('file', new Blob(['x']), 'x')
    const reply = await fetch(`${varve.endpoint.url}/${bucket}`, { method: 'POST', body: form })
    expect([reply.status, (await reply.text()).includes('AccessDenied')]).toEqual([403, true])
  })
})
