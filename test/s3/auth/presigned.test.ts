import { describe, expect, it } from 'vitest'
import { verifyRequest } from '../../../src/s3/auth/verify.ts'
import { ACCESS_KEY, NOW, options } from '../support/aws-examples.ts'
import { authorization, PUT, refusal, withHeader } from '../support/refusal.ts'
import { type RequestParts, s3Request } from '../support/s3-request.ts'
import { HOST, presigned, signed } from '../support/sign.ts'

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
