import { createHash } from 'node:crypto'
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { bucketName, pseudoRandomBytes, refusal, useServer } from '../harness/fixture.ts'
import { uriEncode } from '../harness/sigv4.ts'
import { assertWellFormed, elements } from '../harness/xml.ts'

const varve = useServer()

async function get(bucket: string, key: string): Promise<Buffer> {
  const reply = await varve.sdk.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
  return Buffer.from((await reply.Body?.transformToByteArray()) ?? [])
}

describe('PutObject', () => {
  it.each([0, 1, 4096, 65_535, 65_536, 65_537, 1_048_576, 1_048_577, 9_000_001])(
    'keeps %i bytes, with their MD5 as ETag',
    async (size) => {
      const bucket = await varve.bucket()
      const body = pseudoRandomBytes(size, size + 7)
      const put = await varve.sdk.send(
        new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: body }),
      )
      expect(put.ETag).toBe(`"${createHash('md5').update(body).digest('hex')}"`)
      expect((await get(bucket, 'k')).equals(body)).toBe(true)
    },
  )

  it('keeps bytes that compress well', async () => {
    const bucket = await varve.bucket()
    const body = Buffer.alloc(3_000_000, 'varve ')
    await varve.sdk.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: body }))
    expect((await get(bucket, 'k')).equals(body)).toBe(true)
  })

  it('replaces what was there', async () => {
    const bucket = await varve.bucket()
    for (const body of ['first', 'the second', '', 'x'.repeat(100_000)]) {
      await varve.sdk.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: body }))
      expect((await get(bucket, 'k')).toString()).toBe(body)
    }
  })

  it('gives back the headers and metadata it was given', async () => {
    const bucket = await varve.bucket()
    const expires = new Date('2031-01-02T03:04:05Z')
    const headers = {
      ContentType: 'text/x-varve; charset=utf-8',
      CacheControl: 'max-age=60, no-transform',
      ContentDisposition: 'attachment; filename="a b.txt"',
      ContentEncoding: 'gzip',
      ContentLanguage: 'de, en',
      WebsiteRedirectLocation: '/elsewhere',
    }
    const metadata = { one: '1', 'two-words': 'zwei  Wörter'.replace('ö', 'o'), empty: '' }
    await varve.sdk.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: 'k',
        Body: 'x',
        ...headers,
        Expires: expires,
        Metadata: metadata,
        StorageClass: 'STANDARD_IA',
      }),
    )
    const head = await varve.sdk.send(new HeadObjectCommand({ Bucket: bucket, Key: 'k' }))
    expect(head).toMatchObject({ ...headers, StorageClass: 'STANDARD_IA', ContentLength: 1 })
    expect(head.ExpiresString).toBe(expires.toUTCString())
    expect(head.Metadata).toEqual(metadata)
    expect(Math.abs(Date.now() - (head.LastModified?.getTime() ?? 0))).toBeLessThan(60_000)
  })

  it('calls the type binary/octet-stream when nobody said', async () => {
    const bucket = await varve.bucket()
    await varve.wire.send({ method: 'PUT', path: `/${bucket}/k`, body: 'x' })
    const head = await varve.wire.send({ method: 'HEAD', path: `/${bucket}/k` })
    expect(head.headers['content-type']).toBe('binary/octet-stream')
    expect(head.headers['x-amz-storage-class']).toBeUndefined()
    expect(head.headers['accept-ranges']).toBe('bytes')
  })

  it('joins metadata of one name with a comma', async () => {
    const bucket = await varve.bucket()
    const headers = [
      ['x-amz-meta-many', 'a'],
      ['x-amz-meta-many', 'b'],
    ] as const
    const put = await varve.wire.send({ method: 'PUT', path: `/${bucket}/k`, body: 'x', headers })
    expect(put.status).toBe(200)
    const head = await varve.wire.send({ method: 'HEAD', path: `/${bucket}/k` })
    expect(head.headers['x-amz-meta-many']).toBe('a,b')
  })

  it.each(['STANDARD', 'REDUCED_REDUNDANCY', 'ONEZONE_IA', 'INTELLIGENT_TIERING', 'GLACIER_IR'])(
    'accepts storage class %s and names it when it is not STANDARD',
    async (storageClass) => {
      const bucket = await varve.bucket()
      const headers = { 'x-amz-storage-class': storageClass }
      await varve.wire.send({ method: 'PUT', path: `/${bucket}/k`, body: 'x', headers })
      const head = await varve.wire.send({ method: 'HEAD', path: `/${bucket}/k` })
      const named = storageClass === 'STANDARD' ? undefined : storageClass
      expect(head.headers['x-amz-storage-class']).toBe(named)
    },
  )

  it('refuses an unknown storage class', async () => {
    const bucket = await varve.bucket()
    const headers = { 'x-amz-storage-class': 'FLOPPY' }
    const reply = await varve.wire.send({ method: 'PUT', path: `/${bucket}/k`, body: 'x', headers })
    expect([reply.status, reply.code]).toEqual([400, 'InvalidStorageClass'])
  })

  it('refuses more than 2 KiB of metadata and takes 2 KiB of it', async () => {
    const bucket = await varve.bucket()
    const put = async (size: number) => {
      const headers = { 'x-amz-meta-ab': 'm'.repeat(size) }
      return await varve.wire.send({ method: 'PUT', path: `/${bucket}/k`, body: 'x', headers })
    }
    expect((await put(2046)).status).toBe(200)
    const refused = await put(2047)
    expect([refused.status, refused.code]).toEqual([400, 'MetadataTooLarge'])
  })

  it('refuses a bucket that is not, before the object', async () => {
    const call = varve.sdk.send(new PutObjectCommand({ Bucket: bucketName(), Key: 'k', Body: 'x' }))
    expect(await refusal(call)).toEqual({ code: 'NoSuchBucket', status: 404 })
  })

  it('refuses more than 5 GiB before the body', async () => {
    const bucket = await varve.bucket()
    const reply = await varve.wire.send({
      method: 'PUT',
      path: `/${bucket}/k`,
      headers: { 'content-length': String(5 * 2 ** 30 + 1), expect: '100-continue' },
      payloadHash: 'UNSIGNED-PAYLOAD',
    })
    expect([reply.status, reply.code, reply.wasContinued]).toEqual([400, 'EntityTooLarge', false])
  })

  it('accepts the headers that clients send and nothing hangs on', async () => {
    const bucket = await varve.bucket()
    const headers = {
      'x-amz-acl': 'private',
      'x-amz-tagging': '',
      'x-amz-api-version': '2006-03-01',
      'x-amz-storage-class': 'STANDARD',
      'amz-sdk-invocation-id': '6a1c1d5e-0000-4000-8000-000000000000',
    }
    const query = 'x-id=PutObject'
    const path = `/${bucket}/k`
    const reply = await varve.wire.send({ method: 'PUT', path, query, body: 'x', headers })
    expect(reply.status).toBe(200)
  })
})

const longKey = 'k'.repeat(1024)
const oddKeys = [
  'foo',
  'foo/bar',
  'foo/',
  'foo//bar',
  '//',
  '/leading',
  'trailing/',
  '.',
  'a/./b',
  'a/../b',
  'a/..',
  '...',
  ' space ',
  'plus+plus',
  'per%cent',
  '%2F',
  'ques?tion',
  'ha#sh',
  'am&p=er',
  'quo"te\'s',
  '<xml>&amp;</xml>',
  'semi;colon:at@comma,dollar$equal=',
  "star*excl!paren()tilde~'",
  'back\\slash',
  'pipe|caret^brace{}bracket[]tick`',
  'tab\tnewline\nreturn\r',
  '\u0001\u0002\u001f\u007f',
  'Größe/naïve/élan',
  'e\u0301 is not é',
  '日本語/キー',
  '\u{1F600}/\u{1F9D1}\u200D\u{1F680}',
  '\u{10FFFF}\uFFFD',
  '__proto__',
  'constructor',
  longKey,
  'é'.repeat(512),
]

describe('PutObject with odd keys', () => {
  it('keeps each beside the others, reads each back and lists all', async () => {
    const bucket = await varve.bucket()
    for (const key of oddKeys) {
      const path = `/${bucket}/${uriEncode(key, true)}`
      const put = await varve.wire.send({ method: 'PUT', path, body: `body of ${key}` })
      expect([key, put.status]).toEqual([key, 200])
    }
    for (const key of oddKeys) {
      const path = `/${bucket}/${uriEncode(key, true)}`
      expect((await varve.wire.send({ method: 'GET', path })).text).toBe(`body of ${key}`)
      expect((await get(bucket, key)).toString()).toBe(`body of ${key}`)
    }
    const query = 'list-type=2&encoding-type=url'
    const list = await varve.wire.send({ method: 'GET', path: `/${bucket}`, query })
    assertWellFormed(list.text)
    const listed = elements(list.text, 'Key').map((key) => decodeURIComponent(key))
    const sorted = [...oddKeys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    expect(listed).toEqual(sorted)
  })

  it('lists well-formed XML without encoding-type too', async () => {
    const bucket = await varve.bucket()
    for (const key of ['a\u0001b', 'a\nb', 'a\rb', 'a&b<c>', '\uFFFE']) {
      const path = `/${bucket}/${uriEncode(key, true)}`
      expect((await varve.wire.send({ method: 'PUT', path, body: 'x' })).status).toBe(200)
    }
    const list = await varve.wire.send({ method: 'GET', path: `/${bucket}` })
    expect(elements(list.text, 'Key')).toEqual(
      expect.arrayContaining(['a\u0001b', 'a\nb', 'a\rb', 'a&b<c>']),
    )
  })

  it.each([
    ['k'.repeat(1025), 400, 'KeyTooLongError'],
    ['é'.repeat(513), 400, 'KeyTooLongError'],
  ])('refuses a key over 1024 bytes', async (key, status, code) => {
    const bucket = await varve.bucket()
    const path = `/${bucket}/${uriEncode(key)}`
    const reply = await varve.wire.send({ method: 'PUT', path, body: 'x' })
    expect([reply.status, reply.code]).toEqual([status, code])
  })

  it.each(['%zz', '%', '%f', '%ff', '%c0%af', '%ed%a0%80', 'a%80b'])(
    'refuses the escape %s, which is no UTF-8',
    async (text) => {
      const bucket = await varve.bucket()
      const reply = await varve.wire.send({
        method: 'PUT',
        path: `/${bucket}/${text}`,
        body: 'x',
      })
      expect([reply.status, reply.code]).toEqual([400, 'InvalidURI'])
    },
  )

  it('takes every way to write one key for the same key', async () => {
    const bucket = await varve.bucket()
    await varve.wire.send({ method: 'PUT', path: `/${bucket}/a/b%20c~`, body: 'one' })
    for (const path of ['a%2Fb%20c~', 'a%2fb%20c%7E', '%61/%62%20c%7e']) {
      const reply = await varve.wire.send({ method: 'GET', path: `/${bucket}/${path}` })
      expect([path, reply.status === 200 ? reply.text : reply.code]).toEqual([path, 'one'])
    }
  })
})
