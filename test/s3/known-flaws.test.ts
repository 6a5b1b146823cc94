/** Ways into other object stores, each by the name it is known under; none leads in here. */
import * as S3 from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { S3Server } from '../http/support/s3-server.ts'

let server: S3Server
beforeAll(async () => {
  server = await S3Server.open({ storeOptions: { newBucketAccess: 'acl' } })
  for (const [Bucket, ACL] of [
    ['shut', 'private'],
    ['listed', 'public-read'],
    ['open', 'public-read-write'],
  ] as const) {
    await server.client.send(new S3.CreateBucketCommand({ Bucket, ACL }))
    await server.client.send(new S3.PutObjectCommand({ Bucket, Key: 'secret', Body: 'secret' }))
  }
})
afterAll(() => server[Symbol.asyncDispose]())

type Headers = Readonly<Record<string, string>>

async function ask(path: string, init: RequestInit = {}) {
  const reply = await fetch(`${server.endpoint}/${path}`, init)
  const text = await reply.text()
  const code = /<Code>(.*?)<\/Code>/.exec(text)?.[1] ?? null
  return { status: reply.status, code, text, headers: reply.headers }
}

const keysOf = async (Bucket: string) =>
  ((await server.client.send(new S3.ListObjectsV2Command({ Bucket }))).Contents ?? []).map(
    ({ Key }) => Key,
  )

function formOf(fields: Headers): FormData {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  form.append('file', new Blob(['intruder']), 'name')
  return form
}

describe('listing and reading', () => {
  it('CVE-2016-7031: nobody lists a bucket that is not open', async () => {
    for (const query of ['', '?list-type=2', '?versions', '?uploads', '?location']) {
      const { status, text } = await ask(`shut${query}`)
      expect(status).toBe(403)
      expect(text).not.toContain('<Key>')
    }
  })

  it('CVE-2024-36107: conditions are asked only after leave', async () => {
    const conditions: Headers[] = [
      { 'if-modified-since': 'Fri, 01 Jan 2100 00:00:00 GMT' },
      { 'if-unmodified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' },
      { 'if-match': '"x"' },
      { 'if-none-match': '*' },
    ]
    for (const headers of conditions) {
      const there = await ask('shut/secret', { headers })
      const absent = await ask('shut/absent', { headers })
      expect([there.status, there.code]).toEqual([403, 'AccessDenied'])
      expect([absent.status, absent.code]).toEqual([403, 'AccessDenied'])
    }
  })

  it('CVE-2016-9579, CVE-2020-1760: nobody chooses the headers of a reply', async () => {
    const object = { Bucket: 'listed', Key: 'page', Body: 'x', ACL: 'public-read' as const }
    await server.client.send(new S3.PutObjectCommand(object))
    const query = 'response-content-type=text%2Fhtml&response-content-disposition=inline'
    expect((await ask(`listed/page?${query}`)).code).toBe('InvalidRequest')
    const origin = 'http://x"><script>alert(1)</script>'
    const { headers, text } = await ask('listed/page', { headers: { origin } })
    expect([...headers.values()].join() + text).not.toContain('script')
  })

  it('GHSA-3ppv: of each version its own ACL counts', async () => {
    const Bucket = 'versions'
    const { client } = server
    await client.send(new S3.CreateBucketCommand({ Bucket, ACL: 'public-read' }))
    const VersioningConfiguration = { Status: 'Enabled' as const }
    await client.send(new S3.PutBucketVersioningCommand({ Bucket, VersioningConfiguration }))
    const put = async (Body: string, ACL: 'private' | 'public-read') =>
      (await client.send(new S3.PutObjectCommand({ Bucket, Key: 'k', Body, ACL }))).VersionId
    const hidden = await put('hidden', 'private')
    const shown = await put('shown', 'public-read')
    expect((await ask('versions/k')).text).toBe('shown')
    expect((await ask(`versions/k?versionId=${shown}`)).text).toBe('shown')
    expect((await ask(`versions/k?versionId=${hidden}`)).code).toBe('AccessDenied')
    await put('hidden again', 'private')
    expect((await ask('versions/k')).code).toBe('AccessDenied')
    expect((await ask(`versions/k?versionId=${shown}`)).text).toBe('shown')
    await client.send(
      new S3.PutObjectAclCommand({ Bucket, Key: 'k', VersionId: shown, ACL: 'private' }),
    )
    expect((await ask(`versions/k?versionId=${shown}`)).code).toBe('AccessDenied')
    expect((await ask(`versions/k?versionId=${shown}`, { method: 'DELETE' })).status).toBe(403)
  })

  it('GHSA-x298: a listing of versions keeps to the public access block', async () => {
    const Bucket = 'blocked'
    await server.client.send(new S3.CreateBucketCommand({ Bucket, ACL: 'public-read' }))
    expect((await ask('blocked?versions')).status).toBe(200)
    const PublicAccessBlockConfiguration = { IgnorePublicAcls: true }
    await server.client.send(
      new S3.PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }),
    )
    expect((await ask('blocked?versions')).status).toBe(403)
  })

  it('CVE-2026-54917: dots lead to no other bucket', async () => {
    for (const path of [
      'open/../shut/secret',
      'open/%2e%2e/shut/secret',
      'open/%2e%2e%2fshut%2fsecret',
    ]) {
      const { status, text } = await raw('GET', `/${path}`)
      expect(status).not.toBe(200)
      expect(text).not.toContain('>secret<')
    }
  })
})

/** With the path as it stands: `fetch` would resolve the dots. */
async function raw(method: string, path: string) {
  const { request } = await import('node:http')
  return new Promise<{ readonly status: number; readonly text: string }>((resolve, reject) => {
    const sent = request({ port: server.port, host: '127.0.0.1', method, path }, (reply) => {
      let text = ''
      reply.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      reply.on('end', () => resolve({ status: reply.statusCode ?? 0, text }))
    })
    sent.on('error', reject).end()
  })
}

describe('writing', () => {
  it('CVE-2021-21362: who may only read writes by no way', async () => {
    const body = 'intruder'
    for (const [path, init] of [
      ['listed/new', { method: 'PUT', body }],
      ['listed', { method: 'POST', body: formOf({ key: 'new' }) }],
      ['listed/new?uploads', { method: 'POST' }],
      ['listed/new?partNumber=1&uploadId=x', { method: 'PUT', body }],
      ['listed/new?uploadId=x', { method: 'POST', body: '<CompleteMultipartUpload/>' }],
      ['listed/new', { method: 'PUT', headers: { 'x-amz-copy-source': 'listed/secret' } }],
      ['listed/secret', { method: 'DELETE' }],
    ] as const) {
      expect((await ask(path, init)).code).toBe('AccessDenied')
    }
    expect(await keysOf('listed')).not.toContain('new')
  })

  it('CVE-2023-28434, CVE-2023-43040: a form leads to no other bucket', async () => {
    for (const fields of [
      { key: 'new', bucket: 'shut' },
      { key: '../shut/new' },
      { key: '/shut/new' },
      { bucket: 'open/../shut', key: 'new' },
    ]) {
      await ask('open', { method: 'POST', body: formOf(fields as unknown as Headers) })
      expect(await keysOf('shut')).toEqual(['secret'])
    }
  })

  it('SeaweedFS 7912: the type of a body lets nobody in', async () => {
    for (const type of ['multipart/form-data; boundary=x', 'application/x-www-form-urlencoded']) {
      const headers = { 'content-type': type }
      for (const [path, method] of [
        ['shut/new', 'PUT'],
        ['shut/new?uploads', 'POST'],
        ['shut?delete', 'POST'],
        ['shut/secret', 'DELETE'],
      ] as const) {
        const { status } = await ask(path, { method, headers, body: '--x--' })
        expect(status).toBe(403)
      }
    }
    expect(await keysOf('shut')).toEqual(['secret'])
  })

  it('SeaweedFS 9121: who holds a presigned URL adds no ACL and no tags', async () => {
    const command = new S3.PutObjectCommand({ Bucket: 'shut', Key: 'presigned' })
    const url = await getSignedUrl(server.client, command)
    for (const headers of [
      { 'x-amz-acl': 'public-read' },
      { 'x-amz-tagging': 'a=b' },
      { 'x-amz-grant-read': 'uri="http://acs.amazonaws.com/groups/global/AllUsers"' },
    ]) {
      const init = { method: 'PUT', body: 'x', headers: headers as unknown as Headers }
      const reply = await fetch(url, init)
      expect(reply.status).toBe(403)
    }
    expect(await keysOf('shut')).toEqual(['secret'])
  })

  it('CVE-2025-31489, CVE-2026-40344: a forged signature is refused in an open bucket', async () => {
    for (const hash of [
      'UNSIGNED-PAYLOAD',
      'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
      'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    ]) {
      const date = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
      const scope = `${date.slice(0, 8)}/us-east-1/s3/aws4_request`
      const headers = {
        'x-amz-date': date,
        'x-amz-content-sha256': hash,
        'x-amz-decoded-content-length': '8',
        authorization:
          `AWS4-HMAC-SHA256 Credential=TESTACCESSKEY/${scope}, ` +
          `SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length, ` +
          `Signature=${'0'.repeat(64)}`,
      }
      const { code } = await ask('open/forged', { method: 'PUT', body: 'intruder', headers })
      expect(code).toBe('SignatureDoesNotMatch')
    }
    expect(await keysOf('open')).not.toContain('forged')
  })

  it('CVE-2026-41145: credentials in the query count as credentials', async () => {
    for (const query of [
      'X-Amz-Credential=TESTACCESSKEY%2F20200101%2Fus-east-1%2Fs3%2Faws4_request',
      'X-Amz-Algorithm=AWS4-HMAC-SHA256',
      'X-Amz-Signature=00',
      'AWSAccessKeyId=TESTACCESSKEY',
    ]) {
      const { status } = await ask(`open/forged?${query}`, { method: 'PUT', body: 'intruder' })
      expect([400, 403]).toContain(status)
    }
    expect(await keysOf('open')).not.toContain('forged')
  })

  it('CVE-2026-34204: what is kept inside cannot be set from outside', async () => {
    const headers = {
      'x-amz-meta-x-amz-acl': 'public-read',
      'x-varve-acl': 'public-read',
      'x-amz-meta-acl': 'public-read',
    }
    expect((await ask('open/meta', { method: 'PUT', body: 'x', headers })).status).toBe(200)
    expect((await ask('open/meta')).code).toBe('AccessDenied')
  })
})

describe('headers of a reply', () => {
  it('CVE-2015-5245, CVE-2020-10753, CVE-2021-3524: end where they end', async () => {
    for (const ending of ['\r\nx-evil: 1', '\rx-evil: 1', '\nx-evil: 1', '\0', '\u2028x']) {
      const fields = { key: `k${ending}`, success_action_redirect: `http://a.example/${ending}` }
      const reply = await fetch(`${server.endpoint}/open`, {
        method: 'POST',
        body: formOf(fields),
        redirect: 'manual',
      })
      await reply.arrayBuffer()
      expect(reply.headers.get('x-evil')).toBeNull()
      expect(reply.status).toBeLessThan(500)
    }
  })

  it('RustFS v9fg, x5xv: no origin is reflected that no rule names', async () => {
    const CORSRules = [{ AllowedMethods: ['GET'], AllowedOrigins: ['https://good.example'] }]
    await server.client.send(
      new S3.PutBucketCorsCommand({ Bucket: 'listed', CORSConfiguration: { CORSRules } }),
    )
    for (const origin of ['https://evil.example', 'null', 'https://good.example.evil.example']) {
      const { headers } = await ask('listed', { headers: { origin } })
      expect(headers.get('access-control-allow-origin')).toBeNull()
      expect(headers.get('access-control-allow-credentials')).toBeNull()
    }
  })
})

describe('configuration', () => {
  it('RustFS 2039: a public access block that is not there blocks nothing', async () => {
    await server.client.send(new S3.DeletePublicAccessBlockCommand({ Bucket: 'listed' }))
    expect((await ask('listed')).status).toBe(200)
  })
})
