import { describe, expect, it } from 'vitest'
import { type VerifyOptions, verifyRequest } from '../../../src/s3/auth/verify.ts'
import { S3Error } from '../../../src/s3/errors.ts'
import { ACCESS_KEY, NOW, options, SECRET_KEY } from '../support/aws-examples.ts'
import { type RequestParts, s3Request } from '../support/s3-request.ts'
import {
  HOST,
  hmac,
  presigned,
  SCOPE,
  sha256,
  signed,
  signingKey,
  TIMESTAMP,
  type Unsigned,
} from '../support/sign.ts'

const PUT: Unsigned = {
  method: 'PUT',
  path: '/bucket/some/key',
  query: { partNumber: '1', uploadId: 'abc' },
  headers: {
    'content-type': 'text/plain',
    'x-amz-meta-color': 'blue',
    'x-amz-storage-class': 'STANDARD',
  },
}

function refusal(parts: RequestParts, change: Partial<VerifyOptions> = {}): S3Error {
  try {
    verifyRequest(s3Request(parts), { ...options, ...change })
  } catch (error) {
    if (error instanceof S3Error) return error
    throw error
  }
  throw new Error('the request was let in')
}

/** The same request with one header replaced, added, or with null taken away. */
function withHeader(parts: RequestParts, name: string, value: string | null): RequestParts {
  const others = parts.headers.filter(([header]) => header !== name)
  return { ...parts, headers: value === null ? others : [...others, [name, value]] }
}

function authorization(parts: RequestParts): string {
  return parts.headers.find(([name]) => name === 'authorization')?.[1] ?? ''
}

function reauthorised(parts: RequestParts, from: string | RegExp, to: string): RequestParts {
  const changed = authorization(parts).replace(from, to)
  expect(changed).not.toBe(authorization(parts))
  return withHeader(parts, 'authorization', changed)
}

function flip(text: string, index: number): string {
  const character = text[index] === '0' ? '1' : '0'
  return text.slice(0, index) + character + text.slice(index + 1)
}

describe('a signed request', () => {
  it('is let in, and is the root user', async () => {
    const verified = verifyRequest(s3Request(await signed(PUT)), options)
    expect(verified.principal).toEqual({ kind: 'root', accessKey: ACCESS_KEY })
  })

  it.each([
    ['method', (parts: RequestParts) => ({ ...parts, method: 'POST' })],
    ['path', (parts: RequestParts) => ({ ...parts, target: parts.target.replace('key', 'kez') })],
    ['query', (parts: RequestParts) => ({ ...parts, target: parts.target.replace('abc', 'abd') })],
    ['more query', (parts: RequestParts) => ({ ...parts, target: `${parts.target}&acl` })],
    ['less query', (p: RequestParts) => ({ ...p, target: p.target.replace('partNumber=1&', '') })],
    ['host', (parts: RequestParts) => withHeader(parts, 'host', 'other.example.org')],
    ['no host', (parts: RequestParts) => withHeader(parts, 'host', null)],
    ['content type', (parts: RequestParts) => withHeader(parts, 'content-type', 'text/html')],
    ['metadata', (parts: RequestParts) => withHeader(parts, 'x-amz-meta-color', 'red')],
    ['no metadata', (parts: RequestParts) => withHeader(parts, 'x-amz-meta-color', null)],
    ['date', (parts: RequestParts) => withHeader(parts, 'x-amz-date', '20130524T000001Z')],
    [
      'payload hash',
      (parts: RequestParts) => withHeader(parts, 'x-amz-content-sha256', '0'.repeat(64)),
    ],
    [
      'payload mode',
      (parts: RequestParts) =>
        withHeader(parts, 'x-amz-content-sha256', 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'),
    ],
    [
      'order of signed headers',
      (p: RequestParts) => reauthorised(p, 'content-type;host', 'host;content-type'),
    ],
    ['empty signature', (p: RequestParts) => reauthorised(p, /Signature=.{64}/, 'Signature=0')],
    ['long signature', (p: RequestParts) => reauthorised(p, /$/, '0')],
    [
      'capital signature',
      (p: RequestParts) =>
        withHeader(
          p,
          'authorization',
          authorization(p).replace(/[0-9a-f]{64}/, (s) => s.toUpperCase()),
        ),
    ],
  ])('is refused once its %s changed', async (_, change) => {
    const error = refusal(change(await signed(PUT)))
    expect(error.code).toBe('SignatureDoesNotMatch')
  })

  it('is refused with any digit of the signature changed', async () => {
    const parts = await signed(PUT)
    const header = authorization(parts)
    for (let index = header.length - 64; index < header.length; index++) {
      const changed = withHeader(parts, 'authorization', flip(header, index))
      expect(refusal(changed).code).toBe('SignatureDoesNotMatch')
    }
  })

  it('is refused when it repeats a header that has one meaning', async () => {
    const parts = await signed(PUT)
    for (const name of ['host', 'authorization', 'x-amz-date', 'x-amz-content-sha256']) {
      const value = parts.headers.find(([header]) => header === name)?.[1] ?? ''
      const error = refusal({ ...parts, headers: [...parts.headers, [name, value]] })
      expect(error).toMatchObject({ code: 'InvalidRequest', detail: { HeaderName: name } })
    }
  })

  it.each([
    'x-amz-acl',
    'x-amz-tagging',
    'x-amz-meta-other',
    'x-amz-copy-source',
    'x-amz-anything',
  ])('is refused with an added %s that is not signed', async (name) => {
    expect(refusal(withHeader(await signed(PUT), name, 'x'))).toMatchObject({
      code: 'AccessDenied',
      message: 'There were headers present in the request which were not signed',
      detail: { HeadersNotSigned: name },
    })
  })

  it('is refused when the host is not signed', async () => {
    const error = refusal(reauthorised(await signed(PUT), 'host;', ''))
    expect(error).toMatchObject({ code: 'AccessDenied', detail: { HeadersNotSigned: 'host' } })
  })

  it('may carry further headers that mean nothing to S3', async () => {
    const parts = withHeader(await signed(PUT), 'x-forwarded-for', '10.0.0.1')
    expect(verifyRequest(s3Request(parts), options).mode).toBe('header')
  })

  it('is not bound to how its escapes are spelled', async () => {
    const parts = await signed({ ...PUT, path: '/bucket/a%20b%2Bc' })
    for (const path of ['/bucket/%61%20b%2bc', '/%62ucket/a%20b+c', '/bucket%2Fa%20b%2Bc']) {
      const target = parts.target.replace('/bucket/a%20b%2Bc', path)
      const request = s3Request({ ...parts, target })
      expect(verifyRequest(request, options).mode).toBe('header')
      expect(request).toMatchObject({ bucket: 'bucket', key: 'a b+c' })
    }
  })

  it('folds white space in header values, but not the second half of letters', async () => {
    const parts = await signed({ ...PUT, headers: { 'x-amz-meta-a': 'one two three' } })
    const spaced = withHeader(parts, 'x-amz-meta-a', '  one   two \t three ')
    expect(verifyRequest(s3Request(spaced), options).mode).toBe('header')
    const other = withHeader(parts, 'x-amz-meta-a', 'one\u00a0two three')
    expect(refusal(other).code).toBe('SignatureDoesNotMatch')
  })

  it('joins repeated headers with a comma', async () => {
    const parts = await signed({ ...PUT, headers: { 'x-amz-meta-a': 'one,two' } })
    const others = withHeader(parts, 'x-amz-meta-a', null)
    const headers = [...others.headers, ['x-amz-meta-a', 'one'], ['x-amz-meta-a', ' two']] as const
    expect(verifyRequest(s3Request({ ...parts, headers }), options).mode).toBe('header')
  })

  it('may be 15 minutes off, and no more', async () => {
    const parts = await signed(PUT)
    const quarter = 15 * 60 * 1000
    for (const now of [NOW - quarter, NOW + quarter]) {
      expect(verifyRequest(s3Request(parts), { ...options, now }).mode).toBe('header')
    }
    for (const now of [NOW - quarter - 1, NOW + quarter + 1]) {
      expect(refusal(parts, { now }).code).toBe('RequestTimeTooSkewed')
    }
  })

  it('may tell its time by Date alone', () => {
    const date = 'Fri, 24 May 2013 00:00:00 GMT'
    const names = 'date;host;x-amz-content-sha256'
    const canonical =
      `GET\n/bucket\n\ndate:${date}\nhost:${HOST}\nx-amz-content-sha256:UNSIGNED-PAYLOAD\n\n` +
      `${names}\nUNSIGNED-PAYLOAD`
    const text = ['AWS4-HMAC-SHA256', TIMESTAMP, SCOPE, sha256(canonical)].join('\n')
    const signature = hmac(signingKey(), text).toString('hex')
    const credential = `Credential=${ACCESS_KEY}/${SCOPE}`
    const parts: RequestParts = {
      method: 'GET',
      target: '/bucket',
      headers: [
        ['host', HOST],
        ['date', date],
        ['x-amz-content-sha256', 'UNSIGNED-PAYLOAD'],
        [
          'authorization',
          `AWS4-HMAC-SHA256 ${credential},SignedHeaders=${names},Signature=${signature}`,
        ],
      ],
    }
    expect(verifyRequest(s3Request(parts), options).mode).toBe('header')
    const later = withHeader(parts, 'date', 'Fri, 24 May 2013 00:00:01 GMT')
    expect(refusal(later).code).toBe('SignatureDoesNotMatch')
    expect(refusal(withHeader(parts, 'date', 'yesterday'))).toMatchObject({
      code: 'AccessDenied',
      message: 'AWS authentication requires a valid Date or x-amz-date header',
    })
  })

  it('needs its x-amz-date in the one form', async () => {
    for (const value of ['2013-05-24', '20130524', '20131324T000000Z', '20130230T000000Z', '']) {
      const error = refusal(withHeader(await signed(PUT), 'x-amz-date', value))
      expect(error.code).toBe('AccessDenied')
    }
  })

  it('needs x-amz-content-sha256', async () => {
    const error = refusal(withHeader(await signed(PUT), 'x-amz-content-sha256', null))
    expect(error).toMatchObject({
      code: 'InvalidRequest',
      message: 'Missing required header for this request: x-amz-content-sha256',
    })
  })

  it.each(['', 'UNSIGNED', 'abc', 'STREAMING-AWS4-HMAC-SHA256-EVENTS', `${'0'.repeat(63)}g`])(
    'is refused with x-amz-content-sha256: %j',
    async (value) => {
      const parts = await signed({ ...PUT, headers: { 'x-amz-content-sha256': value } })
      expect(refusal(parts).code).toBe('InvalidArgument')
    },
  )

  it('is refused with a session token, for its key is permanent', async () => {
    const parts = await signed({ ...PUT, headers: { 'x-amz-security-token': 'token' } })
    expect(refusal(parts).code).toBe('InvalidToken')
  })

  it('with a wrong secret is told what was signed, and nothing of the secret', async () => {
    const error = refusal(await signed(PUT, { secretKey: 'another secret' }))
    expect(Object.keys(error.detail)).toEqual([
      'AWSAccessKeyId',
      'StringToSign',
      'SignatureProvided',
      'CanonicalRequest',
    ])
    expect(error.detail['CanonicalRequest']).toMatch(/^PUT\n\/bucket\/some\/key\n/)
    const right = await signed(PUT)
    expect(JSON.stringify({ ...error })).not.toContain(
      /[0-9a-f]{64}$/.exec(authorization(right))?.[0],
    )
    expect(JSON.stringify({ ...error })).not.toContain(SECRET_KEY)
  })

  it('of an unknown key is refused as such, whatever its signature', async () => {
    const parts = await signed(PUT, { accessKey: 'AKIANOBODY' })
    const expected = { code: 'InvalidAccessKeyId', detail: { AWSAccessKeyId: 'AKIANOBODY' } }
    expect(refusal(parts)).toMatchObject(expected)
    expect(refusal(reauthorised(parts, /Signature=.*/, 'Signature=0'))).toMatchObject(expected)
    for (const secretKey of ['', 'spends the time of a real one']) {
      expect(refusal(await signed(PUT, { accessKey: 'AKIANOBODY', secretKey }))).toMatchObject(
        expected,
      )
    }
  })
})

describe('the scope of a credential', () => {
  it('must name the region, which the error tells', async () => {
    const error = refusal(await signed(PUT, { region: 'eu-west-1' }))
    expect(error).toMatchObject({
      code: 'AuthorizationHeaderMalformed',
      message:
        "The authorization header is malformed; the region 'eu-west-1' is wrong; " +
        "expecting 'us-east-1'",
      detail: { Region: 'us-east-1' },
    })
  })

  it("may say 'US' for us-east-1, as s3cmd does, and for nothing else", async () => {
    const parts = await signed(PUT, { region: 'US' })
    expect(verifyRequest(s3Request(parts), options).mode).toBe('header')
    expect(refusal(parts, { region: 'eu-west-1' }).detail).toEqual({ Region: 'eu-west-1' })
  })

  it.each([
    ['service', '/s3/', '/ec2/'],
    ['terminator', 'aws4_request', 'aws5_request'],
    ['date', '/20130524/', '/20130523/'],
    ['form of the date', '/20130524/', '/2013-05-24/'],
    ['number of parts', '/us-east-1/s3', '/us-east-1'],
    ['access key', `Credential=${ACCESS_KEY}/`, 'Credential=/'],
  ])('must have the right %s', async (_, from, to) => {
    const header = reauthorised(await signed(PUT), from, to)
    expect(refusal(header).code).toBe('AuthorizationHeaderMalformed')
    const query = await presigned(PUT)
    const encode = (text: string) => encodeURIComponent(text.replace('Credential=', ''))
    const target = query.target.replace(encode(from), encode(to))
    expect(target).not.toBe(query.target)
    expect(refusal({ ...query, target }).code).toBe('AuthorizationQueryParametersError')
  })
})

describe('an Authorization header', () => {
  const parts = (value: string): RequestParts => ({
    method: 'GET',
    target: '/bucket/key',
    headers: [
      ['host', HOST],
      ['x-amz-date', '20130524T000000Z'],
      ['authorization', value],
    ],
  })
  const credential = `Credential=${ACCESS_KEY}/20130524/us-east-1/s3/aws4_request`

  it.each([
    ['AWS4-HMAC-SHA256', 'AuthorizationHeaderMalformed'],
    ['AWS4-HMAC-SHA256 nonsense', 'AuthorizationHeaderMalformed'],
    [`AWS4-HMAC-SHA256 ${credential}`, 'AuthorizationHeaderMalformed'],
    [`AWS4-HMAC-SHA256 ${credential}, SignedHeaders=host`, 'AuthorizationHeaderMalformed'],
    [`AWS4-HMAC-SHA256 ${credential}, Signature=0, SignedHeaders=`, 'AuthorizationHeaderMalformed'],
    [
      `AWS4-HMAC-SHA256 ${credential}, ${credential}, SignedHeaders=host, Signature=0`,
      'AuthorizationHeaderMalformed',
    ],
    [
      `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=host, Signature=0, __proto__=1`,
      'AuthorizationHeaderMalformed',
    ],
    [`AWS ${ACCESS_KEY}:c2lnbmF0dXJl`, 'InvalidRequest'],
    [`AWS4-ECDSA-P256-SHA256 ${credential}, SignedHeaders=host, Signature=0`, 'InvalidRequest'],
    ['Basic dXNlcjpwYXNzd29yZA==', 'InvalidArgument'],
    ['Bearer token', 'InvalidArgument'],
  ])('%s: %s', (value, code) => {
    const error = refusal(parts(value))
    expect(error.code).toBe(code)
    expect(JSON.stringify({ ...error })).not.toContain('dXNlcjpwYXNzd29yZA')
  })

  it('that is empty authorises nobody', () => {
    for (const value of ['', '  ']) {
      const verified = verifyRequest(s3Request(parts(value)), options)
      expect(verified.principal).toEqual({ kind: 'anonymous' })
    }
  })

  it('needs no blanks between its components, and takes many', async () => {
    const request = await signed(PUT)
    for (const separator of [',', ' , ']) {
      const spaced = reauthorised(request, /, /g, separator)
      expect(verifyRequest(s3Request(spaced), options).mode).toBe('header')
    }
  })
})

describe('a presigned request', () => {
  const changed = (parts: RequestParts, from: string | RegExp, to: string): RequestParts => {
    const target = parts.target.replace(from, to)
    expect(target).not.toBe(parts.target)
    return { ...parts, target }
  }

  it.each([
    ['method', (parts: RequestParts) => ({ ...parts, method: 'DELETE' })],
    ['path', (parts: RequestParts) => changed(parts, 'key', 'kez')],
    ['query', (parts: RequestParts) => changed(parts, 'abc', 'abd')],
    ['more query', (parts: RequestParts) => changed(parts, /$/, '&acl=')],
    ['expiry', (parts: RequestParts) => changed(parts, 'Expires=900', 'Expires=901')],
    ['date', (parts: RequestParts) => changed(parts, '20130524T000000Z', '20130524T000001Z')],
    ['host', (parts: RequestParts) => withHeader(parts, 'host', 'other.example.org')],
    ['signed header', (parts: RequestParts) => withHeader(parts, 'content-type', 'text/html')],
    ['hoisted header', (parts: RequestParts) => changed(parts, 'color=blue', 'color=red')],
    ['signature', (parts: RequestParts) => changed(parts, /Signature=.{64}/, 'Signature=0')],
  ])('is refused once its %s changed', async (_, change) => {
    const parts = await presigned(PUT)
    expect(verifyRequest(s3Request(parts), options).mode).toBe('query')
    expect(refusal(change(parts)).code).toBe('SignatureDoesNotMatch')
  })

  it('works until it expires, and from a quarter of an hour before it was signed', async () => {
    const parts = await presigned(PUT, { expiresIn: 60 })
    for (const now of [NOW - 900_000, NOW, NOW + 60_000]) {
      expect(verifyRequest(s3Request(parts), { ...options, now }).mode).toBe('query')
    }
    const expired = refusal(parts, { now: NOW + 60_001 })
    expect(expired).toMatchObject({ code: 'AccessDenied', message: 'Request has expired' })
    const early = refusal(parts, { now: NOW - 900_001 })
    expect(early).toMatchObject({ code: 'AccessDenied', message: 'Request is not valid yet' })
  })

  it('may live for seven days', async () => {
    const parts = await presigned(PUT, { expiresIn: 604_800 })
    const now = NOW + 604_800_000
    expect(verifyRequest(s3Request(parts), { ...options, now }).mode).toBe('query')
    expect(refusal(parts, { now: now + 1 }).message).toBe('Request has expired')
  })

  it.each([
    ['604801', 'AuthorizationQueryParametersError'],
    ['99999999999999999999', 'AuthorizationQueryParametersError'],
    ['-1', 'AuthorizationQueryParametersError'],
    ['NaN', 'AuthorizationQueryParametersError'],
    ['1e3', 'AuthorizationQueryParametersError'],
    ['', 'AuthorizationQueryParametersError'],
    ['0', 'AccessDenied'],
  ])('that expires after %j seconds is refused: %s', async (seconds, code) => {
    const parts = changed(await presigned(PUT), 'Expires=900', `Expires=${seconds}`)
    expect(refusal(parts).code).toBe(code)
  })

  it.each(['Algorithm', 'Credential', 'Date', 'Expires', 'Signature', 'SignedHeaders'])(
    'needs X-Amz-%s, once',
    async (name) => {
      const parts = await presigned(PUT)
      const pattern = new RegExp(`X-Amz-${name}=[^&]*&?`)
      const without = refusal(changed(parts, pattern, ''))
      expect(without.code).toBe('AuthorizationQueryParametersError')
      const again = refusal(changed(parts, /$/, `&${pattern.exec(parts.target)?.[0]}`))
      expect(again.code).toBe('AuthorizationQueryParametersError')
    },
  )

  it('is refused with headers of meaning that are not signed', async () => {
    for (const name of ['x-amz-acl', 'x-amz-meta-other', 'x-amz-copy-source', 'x-amz-tagging']) {
      const error = refusal(withHeader(await presigned(PUT), name, 'x'))
      expect(error).toMatchObject({ code: 'AccessDenied', detail: { HeadersNotSigned: name } })
    }
  })

  it('is refused together with an Authorization header, never judged by the weaker', async () => {
    const query = await presigned(PUT)
    const header = authorization(await signed(PUT))
    expect(refusal(withHeader(query, 'authorization', header)).code).toBe('InvalidArgument')
    const unsigned = withHeader(query, 'authorization', 'AWS4-HMAC-SHA256 x')
    expect(refusal(unsigned).code).toBe('InvalidArgument')
    const mixed = changed(query, /$/, '&AWSAccessKeyId=x&Signature=y')
    expect(refusal(mixed).code).toBe('InvalidArgument')
  })

  // CVE-2026-41145: credentials in the query without a signature skipped the check.
  it.each(['X-Amz-Credential=x', 'X-Amz-Algorithm=AWS4-HMAC-SHA256', 'X-Amz-Signature=0'])(
    'cve_2026_41145: %s alone is no way in',
    (query) => {
      const parts = { method: 'GET', target: `/bucket?${query}`, headers: [] }
      expect(refusal(parts).code).toBe('AuthorizationQueryParametersError')
    },
  )

  it('of version 2 is refused in so many words', () => {
    const target = `/bucket/key?AWSAccessKeyId=${ACCESS_KEY}&Expires=1&Signature=x`
    const error = refusal({ method: 'GET', target, headers: [['host', HOST]] })
    expect(error.code).toBe('InvalidRequest')
    expect(error.message).toContain('AWS4-HMAC-SHA256')
  })

  it('of an unknown key is refused as such', async () => {
    expect(refusal(await presigned(PUT, { accessKey: 'NOBODY' })).code).toBe('InvalidAccessKeyId')
  })
})

describe('an anonymous request', () => {
  const anonymous = (target: string, headers: RequestParts['headers'] = []): RequestParts => ({
    method: 'GET',
    target,
    headers: [['host', HOST], ...headers],
  })

  it('is let through to the authoriser', () => {
    const verified = verifyRequest(s3Request(anonymous('/bucket/key')), options)
    expect(verified).toMatchObject({ mode: 'anonymous', chunkSigning: null })
  })

  it('cannot override headers of the reply', () => {
    const parts = anonymous('/bucket/key?response-content-type=text%2Fhtml')
    expect(refusal(parts)).toMatchObject({
      code: 'InvalidRequest',
      message: 'Request specific response headers cannot be used for anonymous GET requests.',
    })
  })

  // CVE-2025-31489, CVE-2026-40344: a payload mode must not stand in for a signature.
  it.each([
    'UNSIGNED-PAYLOAD',
    'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
    'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD',
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  ])('cve_2025_31489: stays anonymous or is refused with %s', (mode) => {
    const parts = anonymous('/bucket/key', [['x-amz-content-sha256', mode]])
    let kind = 'refused'
    try {
      kind = verifyRequest(s3Request(parts), options).principal.kind
    } catch {}
    expect(kind).not.toBe('root')
  })
})
