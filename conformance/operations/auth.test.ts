import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { describe, expect, it } from 'vitest'
import { useServer } from '../harness/fixture.ts'
import { headText, talk } from '../harness/raw-socket.ts'
import { amzDate } from '../harness/sigv4.ts'
import type { WireRequest } from '../harness/wire.ts'
import { assertWellFormed, element, elements } from '../harness/xml.ts'

const varve = useServer()
const MINUTE = 60_000

async function objectPath(): Promise<string> {
  const bucket = await varve.bucket()
  await varve.wire.send({ method: 'PUT', path: `/${bucket}/k`, body: 'secret' })
  return `/${bucket}/k`
}

async function answer(request: Omit<WireRequest, 'method' | 'path'>): Promise<unknown[]> {
  const reply = await varve.wire.send({ method: 'GET', path: await objectPath(), ...request })
  if (reply.status >= 400) assertWellFormed(reply.text)
  return reply.status === 200 ? [200, reply.text] : [reply.status, reply.code]
}

const root = () => varve.endpoint.credentials
const ago = (ms: number) => new Date(Date.now() - ms)

describe('A signature in the header', () => {
  it('opens', async () => expect(await answer({})).toEqual([200, 'secret']))

  it('that differs by one digit does not', async () => {
    const flip = (text: string) => (text.startsWith('0') ? '1' : '0') + text.slice(1)
    expect(await answer({ tamper: flip })).toEqual([403, 'SignatureDoesNotMatch'])
  })

  it.each([
    ['shorter', (text: string) => text.slice(1)],
    ['longer', (text: string) => `${text}0`],
    ['in capitals', (text: string) => text.toUpperCase()],
    ['of zeros', () => '0'.repeat(64)],
  ])('%s does not', async (_, tamper) => {
    const [status] = await answer({ tamper })
    expect([400, 403]).toContain(status)
  })

  it('of a wrong secret does not', async () => {
    const credentials = { ...root(), secretKey: 'wrong' }
    expect(await answer({ signing: { credentials } })).toEqual([403, 'SignatureDoesNotMatch'])
  })

  it('of an unknown key does not', async () => {
    const credentials = { accessKey: 'NOBODYNOBODY0000', secretKey: root().secretKey }
    expect(await answer({ signing: { credentials } })).toEqual([403, 'InvalidAccessKeyId'])
  })

  it.each([14, -14])('made %i minutes ago opens', async (minutes) => {
    expect(await answer({ signing: { time: ago(minutes * MINUTE) } })).toEqual([200, 'secret'])
  })

  it.each([16, -16, 60 * 24 * 3])('made %i minutes ago does not', async (minutes) => {
    const code = await answer({ signing: { time: ago(minutes * MINUTE) } })
    expect(code).toEqual([403, 'RequestTimeTooSkewed'])
  })

  it.each([{ region: 'eu-west-1' }, { service: 'sts' }])(
    'for %j is malformed, and says what was expected',
    async (signing) => {
      expect(await answer({ signing })).toEqual([400, 'AuthorizationHeaderMalformed'])
    },
  )

  it('that leaves out an x-amz header does not open', async () => {
    const unsignedHeaders = { 'x-amz-meta-later': 'added' }
    const path = await objectPath()
    const reply = await varve.wire.send({ method: 'PUT', path, body: 'x', unsignedHeaders })
    expect([reply.status, reply.code]).toEqual([403, 'AccessDenied'])
  })

  it.each([
    'AWS4-HMAC-SHA256',
    'AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host',
    'AWS4-HMAC-SHA256 Credential=CONFORMANCEKEY00, SignedHeaders=host, Signature=00',
    'AWS CONFORMANCEKEY00:frJIUN8DYpKDtOLCwo//yllqDzg=',
    'Bearer token',
    'Basic dXNlcjpwYXNz',
    '',
  ])('Authorization: %s is refused', async (authorization) => {
    const path = await objectPath()
    const headers = { authorization, 'x-amz-date': amzDate(new Date()) }
    const reply = await varve.wire.send({ method: 'GET', path, headers, auth: 'none' })
    expect([400, 403]).toContain(reply.status)
    expect(reply.text).not.toContain('secret')
  })

  it('twice is refused', async () => {
    const path = await objectPath()
    const prepared = varve.wire.prepare({ method: 'GET', path })
    const doubled = headText(prepared).replace(/\r\n(authorization: .*)\r\n/, '\r\n$1\r\n$1\r\n')
    const { received } = await talk(varve.endpoint, [doubled], { until: /<\/Error>|secret/ })
    expect(received).toMatch(/^HTTP\/1\.1 40[03] /)
  })

  it('explains itself when it does not match', async () => {
    const path = await objectPath()
    const tamper = () => '0'.repeat(64)
    const reply = await varve.wire.send({ method: 'GET', path, tamper })
    expect(element(reply.text, 'StringToSign')).toContain('AWS4-HMAC-SHA256')
    expect(element(reply.text, 'CanonicalRequest')).toContain(path)
    expect(element(reply.text, 'SignatureProvided')).toBe('0'.repeat(64))
    expect(reply.text).not.toContain(root().secretKey)
    const right = varve.wire.prepare({ method: 'GET', path }).seed?.signature ?? ''
    expect(reply.text).not.toContain(right)
  })

  it('covers every odd byte of path and query', async () => {
    const bucket = await varve.bucket()
    const path = `/${bucket}/%E2%82%AC%20%2B%25%7E*'()!%3D%26%3F%23;:@$,`
    expect((await varve.wire.send({ method: 'PUT', path, body: 'odd' })).status).toBe(200)
    for (const query of ['b=2&a=1', 'a=&a=1&A=0', 'a=%20%2B~%C3%A4', 'x-id=GetObject', 'a&b']) {
      const reply = await varve.wire.send({ method: 'GET', path, query })
      expect([query, reply.status]).toEqual([query, 200])
    }
  })

  it('holds for headers with many spaces inside', async () => {
    const path = await objectPath()
    const headers = { 'x-amz-meta-spaces': '  a   b  ' }
    expect((await varve.wire.send({ method: 'PUT', path, body: 'x', headers })).status).toBe(200)
  })
})

describe('A presigned URL', () => {
  const presigned = async (more: Partial<WireRequest> = {}) =>
    await answer({ auth: 'query', payloadHash: null, ...more })

  it('opens, for a second and for seven days', async () => {
    for (const expires of [1, 604_800]) {
      expect(await presigned({ expires })).toEqual([200, 'secret'])
    }
  })

  it('opens after 16 minutes if it lives an hour', async () => {
    const signing = { time: ago(16 * MINUTE) }
    expect(await presigned({ signing, expires: 3600 })).toEqual([200, 'secret'])
  })

  it('is over when it expired', async () => {
    const signing = { time: ago(10 * MINUTE) }
    const path = await objectPath()
    const request = { method: 'GET', path, auth: 'query', signing, expires: 60 } as const
    const reply = await varve.wire.send(request)
    expect([reply.status, reply.code]).toEqual([403, 'AccessDenied'])
    expect(element(reply.text, 'Message')).toBe('Request has expired')
  })

  it('of the future does not open yet', async () => {
    const [status] = await presigned({ signing: { time: ago(-20 * MINUTE) } })
    expect(status).toBe(403)
  })

  it.each([0, -1, 604_801, 'x', ''])('may not live %j seconds', async (expires) => {
    const expected =
      expires === 0
        ? [
            [403, 'AccessDenied'],
            [400, 'AuthorizationQueryParametersError'],
          ]
        : [[400, 'AuthorizationQueryParametersError']]
    expect(expected).toContainEqual(await presigned({ expires }))
  })

  it.each([{ region: 'eu-west-1' }, { service: 'sts' }])('for %j is malformed', async (signing) => {
    expect(await presigned({ signing })).toEqual([400, 'AuthorizationQueryParametersError'])
  })

  it('of another secret, an unknown key, a changed signature does not open', async () => {
    const credentials = { ...root(), secretKey: 'wrong' }
    expect(await presigned({ signing: { credentials } })).toEqual([403, 'SignatureDoesNotMatch'])
    const unknown = { ...root(), accessKey: 'NOBODYNOBODY0000' }
    expect(await presigned({ signing: { credentials: unknown } })).toEqual([
      403,
      'InvalidAccessKeyId',
    ])
    const tamper = () => '0'.repeat(64)
    expect(await presigned({ tamper })).toEqual([403, 'SignatureDoesNotMatch'])
  })

  it('cannot be turned to another key, verb, parameter or header', async () => {
    const path = await objectPath()
    await varve.wire.send({ method: 'PUT', path: `${path}2`, body: 'other' })
    const url = varve.wire.presign({ method: 'GET', path })
    const refused = async (target: string, init: RequestInit = {}) => {
      const reply = await fetch(target, init)
      return [reply.status, element(await reply.text(), 'Code')]
    }
    const mismatch = [403, 'SignatureDoesNotMatch']
    expect(await refused(url.replace('/k?', '/k2?'))).toEqual(mismatch)
    expect(await refused(url, { method: 'DELETE' })).toEqual(mismatch)
    expect(await refused(url, { method: 'PUT', body: 'x' })).toEqual(mismatch)
    expect(await refused(`${url}&response-content-type=text/html`)).toEqual(mismatch)
    expect(await refused(url, { headers: { 'x-amz-acl': 'public-read' } })).toEqual([
      403,
      'AccessDenied',
    ])
    expect(await (await fetch(url)).text()).toBe('secret')
  })

  it('beside an Authorization header is ambiguous, and refused', async () => {
    const path = await objectPath()
    const { target } = varve.wire.prepare({ method: 'GET', path, auth: 'query' })
    const query = target.slice(target.indexOf('?') + 1)
    const reply = await varve.wire.send({ method: 'GET', path, query })
    expect([reply.status, reply.code]).toEqual([400, 'InvalidArgument'])
  })

  it.each([
    'X-Amz-Signature',
    'X-Amz-Credential',
    'X-Amz-Date',
    'X-Amz-Expires',
    'X-Amz-SignedHeaders',
    'X-Amz-Algorithm',
  ])('without %s is refused', async (name) => {
    const url = new URL(varve.wire.presign({ method: 'GET', path: await objectPath() }))
    url.searchParams.delete(name)
    const reply = await fetch(url)
    expect([400, 403]).toContain(reply.status)
    expect(await reply.text()).not.toBe('secret')
  })

  it('works for every verb the SDK presigns', async () => {
    const Bucket = await varve.bucket()
    const at = { Bucket, Key: 'presigned ü+&' }
    const put = await getSignedUrl(varve.sdk, new PutObjectCommand(at), { expiresIn: 60 })
    expect((await fetch(put, { method: 'PUT', body: 'by url' })).status).toBe(200)
    const get = await getSignedUrl(varve.sdk, new GetObjectCommand(at), { expiresIn: 60 })
    expect(await (await fetch(get)).text()).toBe('by url')
    const head = await getSignedUrl(varve.sdk, new HeadObjectCommand(at), { expiresIn: 60 })
    expect((await fetch(head, { method: 'HEAD' })).status).toBe(200)
    const remove = await getSignedUrl(varve.sdk, new DeleteObjectCommand(at), { expiresIn: 60 })
    expect((await fetch(remove, { method: 'DELETE' })).status).toBe(204)
    expect((await fetch(get)).status).toBe(404)
  })

  it('uploads and completes parts', async () => {
    const Bucket = await varve.bucket()
    const path = `/${Bucket}/k`
    const begin = varve.wire.presign({ method: 'POST', path, query: 'uploads=' })
    const begun = await (await fetch(begin, { method: 'POST' })).text()
    const UploadId = elements(begun, 'UploadId')[0] ?? ''
    const part = new UploadPartCommand({ Bucket, Key: 'k', UploadId, PartNumber: 1 })
    const url = await getSignedUrl(varve.sdk, part, { expiresIn: 60 })
    const etag = (await fetch(url, { method: 'PUT', body: 'part' })).headers.get('etag')
    const query = `uploadId=${encodeURIComponent(UploadId)}`
    const finish = varve.wire.presign({ method: 'POST', path, query })
    const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part></CompleteMultipartUpload>`
    expect((await fetch(finish, { method: 'POST', body })).status).toBe(200)
    expect(await (await fetch(varve.wire.presign({ method: 'GET', path }))).text()).toBe('part')
  })

  it('holds a signed header to its value', async () => {
    const path = await objectPath()
    const headers = { 'content-type': 'text/plain' }
    const url = varve.wire.presign({ method: 'PUT', path, headers })
    expect((await fetch(url, { method: 'PUT', body: 'x', headers })).status).toBe(200)
    const other = { 'content-type': 'text/html' }
    expect((await fetch(url, { method: 'PUT', body: 'x', headers: other })).status).toBe(403)
  })

  it('gives response-* parameters that were signed', async () => {
    const path = await objectPath()
    const query = 'response-content-disposition=attachment%3B%20filename%3D%22x%22'
    const reply = await fetch(varve.wire.presign({ method: 'GET', path, query }))
    expect(reply.headers.get('content-disposition')).toBe('attachment; filename="x"')
  })
})

describe('An anonymous request', () => {
  it('is told the same whether the object is there or not', async () => {
    const path = await objectPath()
    for (const target of [path, `${path}absent`]) {
      for (const headers of [{}, { 'if-modified-since': ago(0).toUTCString() }]) {
        const reply = await varve.wire.send({ method: 'GET', path: target, auth: 'none', headers })
        expect([reply.status, reply.code]).toEqual([403, 'AccessDenied'])
      }
    }
  })
})
