import * as S3 from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refusal } from '../../http/support/refusal.ts'
import { S3Server } from '../../http/support/s3-server.ts'

let server: S3Server
beforeAll(async () => {
  server = await S3Server.open({ storeOptions: { newBucketAccess: 'acl' } })
})
afterAll(() => server[Symbol.asyncDispose]())

let count = 0
async function bucketWith(...CORSRules: S3.CORSRule[]): Promise<string> {
  const Bucket = `cors-${++count}`
  const { client } = server
  await client.send(new S3.CreateBucketCommand({ Bucket, ACL: 'public-read' }))
  await client.send(new S3.PutObjectCommand({ Bucket, Key: 'k', Body: 'x', ACL: 'public-read' }))
  if (CORSRules.length > 0) await rules(Bucket, CORSRules)
  return Bucket
}

const rules = (Bucket: string, CORSRules: S3.CORSRule[]) =>
  server.client.send(new S3.PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }))

const site = 'https://app.example.org'
const any: S3.CORSRule = { AllowedMethods: ['GET'], AllowedOrigins: ['*'] }
const full: S3.CORSRule = {
  ID: 'app',
  AllowedMethods: ['PUT', 'GET', 'HEAD'],
  AllowedOrigins: ['https://*.example.org', 'http://localhost:3000'],
  AllowedHeaders: ['content-*', 'X-Amz-Date'],
  ExposeHeaders: ['ETag', 'x-amz-version-id'],
  MaxAgeSeconds: 3000,
}

type Headers = Readonly<Record<string, string>>

async function ask(path: string, init: { method?: string; headers?: Headers } = {}) {
  const reply = await fetch(`${server.endpoint}/${path}`, init)
  return { status: reply.status, text: await reply.text(), cors: corsOf(reply) }
}

/** Of the headers that only pages of other origins get. */
function corsOf(reply: Response): Record<string, string> {
  const found = [...reply.headers].filter(
    ([name]) => name.startsWith('access-control-') || name === 'vary',
  )
  return Object.fromEntries(found)
}

const preflight = (path: string, headers: Headers) => ask(path, { method: 'OPTIONS', headers })

describe('CORS rules', () => {
  it('come back as they were put, in their order, until they are deleted', async () => {
    const Bucket = await bucketWith(full, any)
    const command = new S3.GetBucketCorsCommand({ Bucket })
    expect((await server.client.send(command)).CORSRules).toEqual([full, any])
    await server.client.send(new S3.DeleteBucketCorsCommand({ Bucket }))
    expect((await refusal(server.client.send(command))).code).toBe('NoSuchCORSConfiguration')
  })

  it.each([
    ['none', [], 'MalformedXML'],
    ['too many', Array.from({ length: 101 }, () => any), 'MalformedXML'],
    ['no method', [{ ...any, AllowedMethods: [] }], 'MalformedXML'],
    ['no origin', [{ ...any, AllowedOrigins: [] }], 'MalformedXML'],
    ['a method of no browser', [{ ...any, AllowedMethods: ['PATCH'] }], 'InvalidRequest'],
    ['a method in small letters', [{ ...any, AllowedMethods: ['get'] }], 'InvalidRequest'],
    ['two stars in an origin', [{ ...any, AllowedOrigins: ['http://*.*'] }], 'InvalidRequest'],
    ['two stars in a header', [{ ...any, AllowedHeaders: ['x-*-*'] }], 'InvalidRequest'],
    ['a star among exposed headers', [{ ...any, ExposeHeaders: ['x-*'] }], 'InvalidRequest'],
    // CVE-2015-5245, 2020-10753, 2021-3524: what is echoed must not end a header.
    ['an exposed header with a line', [{ ...any, ExposeHeaders: ['a\r\nb: c'] }], 'InvalidRequest'],
    ['an exposed header with a bare CR', [{ ...any, ExposeHeaders: ['a\rb'] }], 'InvalidRequest'],
    ['an exposed header of U+2028', [{ ...any, ExposeHeaders: ['a\u2028b'] }], 'InvalidRequest'],
    ['an origin with a line', [{ ...any, AllowedOrigins: ['a\r\nb'] }], 'InvalidRequest'],
    ['an age below none', [{ ...any, MaxAgeSeconds: -1 }], 'MalformedXML'],
    ['a long id', [{ ...any, ID: 'i'.repeat(256) }], 'MalformedXML'],
  ] as readonly (readonly [string, S3.CORSRule[], string])[])(
    'are refused with %s',
    async (_name, set, code) => {
      const Bucket = await bucketWith()
      expect(await refusal(rules(Bucket, set))).toMatchObject({ status: 400, code })
      const command = new S3.GetBucketCorsCommand({ Bucket })
      expect((await refusal(server.client.send(command))).code).toBe('NoSuchCORSConfiguration')
    },
  )

  it('are refused beyond 64 KB, and taken at a hundred', async () => {
    const Bucket = await bucketWith()
    const long = { ...any, AllowedHeaders: Array.from({ length: 90 }, (_, at) => `x-${at}`) }
    const refused = await refusal(
      rules(
        Bucket,
        Array.from({ length: 100 }, () => long),
      ),
    )
    expect(refused.code).toBe('MaxMessageLengthExceeded')
    await rules(
      Bucket,
      Array.from({ length: 100 }, () => any),
    )
  })
})

describe('a preflight', () => {
  it('is told what the first rule that matches allows', async () => {
    const Bucket = await bucketWith(full, any)
    const asked = {
      origin: site,
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'Content-Type, x-amz-date',
    }
    const { status, text, cors } = await preflight(`${Bucket}/k`, asked)
    expect([status, text]).toEqual([200, ''])
    expect(cors).toEqual({
      'access-control-allow-origin': site,
      'access-control-allow-methods': 'PUT, GET, HEAD',
      'access-control-allow-headers': 'content-type, x-amz-date',
      'access-control-expose-headers': 'ETag, x-amz-version-id',
      'access-control-max-age': '3000',
      'access-control-allow-credentials': 'true',
      vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
    })
  })

  it('for anybody is told so, without credentials', async () => {
    const Bucket = await bucketWith(any)
    const asked = { origin: site, 'access-control-request-method': 'GET' }
    const { cors } = await preflight(Bucket, asked)
    expect(cors['access-control-allow-origin']).toBe('*')
    expect(cors['access-control-allow-credentials']).toBeUndefined()
  })

  it.each([
    ['another origin', { origin: 'https://example.org.evil.net' }],
    ['an origin that only ends alike', { origin: 'http://app.example.org' }],
    ['another port', { origin: 'http://localhost:3001' }],
    ['no origin at all', { origin: 'null' }],
    ['another method', { 'access-control-request-method': 'DELETE' }],
    ['another header', { 'access-control-request-headers': 'x-amz-date, x-amz-acl' }],
  ])('from %s is refused, and reflects nothing', async (_name, other) => {
    const Bucket = await bucketWith(full)
    const asked = { origin: site, 'access-control-request-method': 'PUT' }
    const { status, text, cors } = await preflight(`${Bucket}/k`, { ...asked, ...other })
    expect([status, cors]).toEqual([403, {}])
    expect(text).toContain('<Code>AccessForbidden</Code>')
    expect(text).not.toContain('example.org.evil.net')
  })

  it('needs an origin and a method there is', async () => {
    const Bucket = await bucketWith(any)
    for (const headers of [
      {},
      { origin: site },
      { 'access-control-request-method': 'GET' },
      { origin: site, 'access-control-request-method': 'PATCH' },
    ]) {
      expect((await preflight(Bucket, headers as Headers)).status).toBe(400)
    }
  })

  it('learns nothing of buckets: without rules and not there are the same', async () => {
    const asked = { origin: site, 'access-control-request-method': 'GET' }
    const without = await preflight(await bucketWith(), asked)
    const nowhere = await preflight('nowhere-at-all', asked)
    const noName = await preflight('NO_NAME', asked)
    const code = (text: string) => /<Code>.*<\/Message>/.exec(text)?.[0]
    expect([without.status, nowhere.status, noName.status]).toEqual([403, 403, 403])
    expect(code(nowhere.text)).toBe(code(without.text))
    expect(code(noName.text)).toBe(code(without.text))
  })

  it('is answered for a presigned URL, whatever it signs', async () => {
    const Bucket = await bucketWith(full)
    const url = await getSignedUrl(server.client, new S3.PutObjectCommand({ Bucket, Key: 'new' }))
    const headers = { origin: site, 'access-control-request-method': 'PUT' }
    const reply = await fetch(url, { method: 'OPTIONS', headers })
    expect([reply.status, corsOf(reply)['access-control-allow-origin']]).toEqual([200, site])
    const put = await fetch(url, { method: 'PUT', headers: { origin: site }, body: 'x' })
    expect([put.status, corsOf(put)['access-control-allow-origin']]).toEqual([200, site])
    expect(corsOf(put)['access-control-expose-headers']).toContain('ETag')
  })
})

describe('a request from a page', () => {
  it('is answered with what the browser may do, in success and in failure', async () => {
    const Bucket = await bucketWith(full)
    const headers = { origin: site }
    for (const [path, status] of [
      [`${Bucket}/k`, 200],
      [`${Bucket}/none`, 404],
      [Bucket, 200],
      [`${Bucket}?acl`, 403],
    ] as const) {
      const reply = await ask(path, { headers })
      expect([reply.status, reply.cors['access-control-allow-origin']]).toEqual([status, site])
      expect(reply.cors['access-control-expose-headers']).toBe('ETag, x-amz-version-id')
    }
  })

  it('from elsewhere gets no leave, and no cache takes it for one that does', async () => {
    const Bucket = await bucketWith(full)
    for (const origin of ['https://evil.net', 'https://app.example.org.evil.net', 'null', '*']) {
      const { status, cors } = await ask(`${Bucket}/k`, { headers: { origin } })
      expect(status).toBe(200)
      expect(Object.keys(cors)).toEqual(['vary'])
    }
  })

  it('with a method that no rule has gets no leave', async () => {
    const Bucket = await bucketWith(full)
    const { cors } = await ask(`${Bucket}/k`, { method: 'DELETE', headers: { origin: site } })
    expect(cors['access-control-allow-origin']).toBeUndefined()
  })

  it('gets nothing where there are no rules, and neither does one from no page', async () => {
    expect((await ask(`${await bucketWith()}/k`, { headers: { origin: site } })).cors).toEqual({})
    expect((await ask(`${await bucketWith(full)}/k`)).cors).toEqual({})
  })
})

describe('a request without an origin', () => {
  it('costs no look at the rules', async () => {
    let looks = 0
    await using counting = await S3Server.open({
      wrapStore: (store) =>
        new Proxy(store, {
          get(target, name: keyof typeof store) {
            if (name === 'getBucketConfig' || name === 'getBucketAccess') looks += 1
            return Reflect.get(target, name).bind(target)
          },
        }),
    })
    const object = { Bucket: 'quiet', Key: 'k' }
    await counting.client.send(new S3.CreateBucketCommand({ Bucket: 'quiet' }))
    await counting.client.send(new S3.PutObjectCommand({ ...object, Body: 'x' }))
    await counting.client.send(new S3.GetObjectCommand(object))
    await counting.client.send(new S3.ListObjectsV2Command({ Bucket: 'quiet' }))
    expect(looks).toBe(0)
  })
})
