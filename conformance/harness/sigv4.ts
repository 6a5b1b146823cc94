/**
 * AWS Signature Version 4, written from the specification and independent of `src`, so that a wrong
 * notion of it in the server cannot hide behind the same notion here. It signs what it is given,
 * right or wrong: callers bend single inputs to make malformed requests.
 */
import { createHash, createHmac } from 'node:crypto'

export interface Credentials {
  readonly accessKey: string
  readonly secretKey: string
}

export interface SigningScope {
  readonly credentials: Credentials
  readonly region: string
  readonly service: string
  readonly time: Date
}

export interface SignableRequest {
  readonly method: string
  /** Percent-encoded, as it will stand in the request line. */
  readonly path: string
  /** Percent-encoded, without the question mark. */
  readonly query: string
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/** The last signature of a chain of signed chunks; the first is the request's own. */
export interface SeedSignature {
  readonly signature: string
  readonly scope: SigningScope
}

export const EMPTY_SHA256 = sha256Hex('')
export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD'

export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

/** `20260131T235959Z` */
export function amzDate(time: Date): string {
  return time.toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
}

/** RFC 3986 unreserved characters stay, everything else becomes %XX of its UTF-8 bytes. */
export function uriEncode(text: string, keepSlash = false): string {
  const encoded = encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return keepSlash ? encoded.replaceAll('%2F', '/') : encoded
}

export function encodeQuery(parameters: Readonly<Record<string, string>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${uriEncode(name)}=${uriEncode(value)}`)
    .join('&')
}

export function credentialScope(scope: SigningScope): string {
  return `${amzDate(scope.time).slice(0, 8)}/${scope.region}/${scope.service}/aws4_request`
}

/** The Authorization header and the hex signature that seeds signed chunks. */
export function signHeaders(
  request: SignableRequest,
  scope: SigningScope,
  payloadHash: string,
): { readonly authorization: string; readonly signature: string } {
  const names = [...new Set(request.headers.map(([name]) => name.toLowerCase()))].sort()
  const signedHeaders = names.join(';')
  const signature = signString(scope, canonicalRequest(request, names, payloadHash))
  const credential = `${scope.credentials.accessKey}/${credentialScope(scope)}`
  const authorization =
    `AWS4-HMAC-SHA256 Credential=${credential}, ` +
    `SignedHeaders=${signedHeaders}, Signature=${signature}`
  return { authorization, signature }
}

/** The query string of a presigned URL: the request's own parameters and the X-Amz ones. */
export function presignQuery(
  request: SignableRequest,
  scope: SigningScope,
  expiresSeconds: number | string,
): string {
  const names = [...new Set(request.headers.map(([name]) => name.toLowerCase()))].sort()
  const parameters = {
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${scope.credentials.accessKey}/${credentialScope(scope)}`,
    'X-Amz-Date': amzDate(scope.time),
    'X-Amz-Expires': String(expiresSeconds),
    'X-Amz-SignedHeaders': names.join(';'),
  }
  const query = [request.query, encodeQuery(parameters)].filter((part) => part !== '').join('&')
  const canonical = canonicalRequest({ ...request, query }, names, UNSIGNED_PAYLOAD)
  return `${query}&X-Amz-Signature=${signString(scope, canonical)}`
}

/** One link of the chain of STREAMING-AWS4-HMAC-SHA256-PAYLOAD. */
export function chunkSignature(previous: SeedSignature, data: Uint8Array): string {
  return chainSignature('AWS4-HMAC-SHA256-PAYLOAD', previous, [EMPTY_SHA256, sha256Hex(data)])
}

/** The link that closes STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER. */
export function trailerSignature(previous: SeedSignature, trailers: string): string {
  return chainSignature('AWS4-HMAC-SHA256-TRAILER', previous, [sha256Hex(trailers)])
}

function chainSignature(
  algorithm: string,
  previous: SeedSignature,
  hashes: readonly string[],
): string {
  const { scope, signature } = previous
  const text = [algorithm, amzDate(scope.time), credentialScope(scope), signature, ...hashes]
  return createHmac('sha256', signingKey(scope)).update(text.join('\n')).digest('hex')
}

function canonicalRequest(
  request: SignableRequest,
  names: readonly string[],
  payloadHash: string,
): string {
  const headers = names.map((name) => {
    const values = request.headers.filter(([other]) => other.toLowerCase() === name)
    return `${name}:${values.map(([, value]) => value.trim().replaceAll(/ +/g, ' ')).join(',')}\n`
  })
  return [
    request.method,
    canonicalText(request.path, true),
    canonicalQuery(request.query),
    headers.join(''),
    names.join(';'),
    payloadHash,
  ].join('\n')
}

function canonicalQuery(query: string): string {
  return query
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const [name = '', ...value] = part.split('=')
      return `${canonicalText(name)}=${canonicalText(value.join('='))}`
    })
    .sort(byBytes)
    .join('&')
}

/** Decoded and encoded again, so that each way to write a byte signs alike; as is when it cannot. */
function canonicalText(text: string, keepSlash = false): string {
  try {
    return uriEncode(decodeURIComponent(text), keepSlash)
  } catch {
    return text
  }
}

/** By name, then by value: the separator must not take part in the order. */
function byBytes(left: string, right: string): number {
  const [leftName = '', leftValue = ''] = left.split('=', 2)
  const [rightName = '', rightValue = ''] = right.split('=', 2)
  return compare(leftName, rightName) || compare(leftValue, rightValue)
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

function signString(scope: SigningScope, canonical: string): string {
  const text = ['AWS4-HMAC-SHA256', amzDate(scope.time), credentialScope(scope)]
  text.push(sha256Hex(canonical))
  return createHmac('sha256', signingKey(scope)).update(text.join('\n')).digest('hex')
}

function signingKey(scope: SigningScope): Buffer {
  const hmac = (key: string | Buffer, text: string) =>
    createHmac('sha256', key).update(text).digest()
  const day = hmac(`AWS4${scope.credentials.secretKey}`, amzDate(scope.time).slice(0, 8))
  return hmac(hmac(hmac(day, scope.region), scope.service), 'aws4_request')
}
