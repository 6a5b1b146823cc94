import type { Credential, Identity, Principal } from '../../identity/identity.ts'
import { S3Error } from '../errors.ts'
import type { S3Request } from '../request.ts'
import { refuseRepeatedHeaders } from '../wire/headers.ts'
import { hoistedHeaders } from '../wire/hoisted-headers.ts'
import { hasResponseOverrides } from '../wire/response-overrides.ts'
import type { SignedAuthorization } from './authorization.ts'
import { canonicalRequest } from './canonical-request.ts'
import { requireRegion } from './credential-scope.ts'
import { parseAuthorization } from './parse-authorization.ts'
import { type PayloadMode, parsePayloadMode, UNSIGNED_PAYLOAD } from './payload-mode.ts'
import { requireNotExpired } from './presigned.ts'
import {
  isSameSignature,
  type SigningKey,
  SKEW_MAX_MS,
  sign,
  signingKey,
  stringToSign,
} from './signature-v4.ts'

export interface VerifyOptions {
  readonly identity: Identity
  /** The only region a credential scope may name. */
  readonly region: string
  /** Milliseconds since the epoch: the server's clock. */
  readonly now: number
}

/** A request whose sender is known. Its body is not: `objectBody` and `textBody` prove that. */
export interface VerifiedRequest {
  readonly principal: Principal
  readonly mode: 'anonymous' | 'header' | 'query'
  readonly payload: PayloadMode
  /** What chunk signatures continue from; null for anonymous requests. */
  readonly chunkSigning: ChunkSigning | null
}

export interface ChunkSigning {
  /** Never logged. */
  readonly signingKey: SigningKey
  /** Hex; the `previous signature` of the first chunk. */
  readonly seedSignature: string
  /** YYYYMMDDTHHMMSSZ of the request. */
  readonly timestamp: string
  /** date/region/service/aws4_request */
  readonly scope: string
}

/**
 * Decides who sent `request`: checks credentials, scope, clock, expiry, that everything that must
 * be signed is, and the signature itself. Reads nothing of the body. Never logs or returns a
 * secret.
 *
 * @throws S3Error with the code AWS uses for each flaw: `AccessDenied`, `InvalidAccessKeyId`,
 *   `SignatureDoesNotMatch`, `RequestTimeTooSkewed`, `AuthorizationHeaderMalformed` …
 */
export function verifyRequest(request: S3Request, options: VerifyOptions): VerifiedRequest {
  refuseRepeatedHeaders(request.headers)
  const authorization = parseAuthorization(request)
  if (authorization.mode === 'anonymous') return verifyAnonymous(request)

  requireRegion(authorization.scope, authorization.mode, options.region)
  requireTime(authorization, options.now)
  requireAllSigned(request, authorization)
  const payloadHash = payloadHashOf(request, authorization)
  const payload = parsePayloadMode(payloadHash)
  const credential = options.identity.find(authorization.accessKey)
  const chunkSigning = requireSignature(request, authorization, {
    // An unknown key goes the same way, at the same cost, to its own refusal.
    credential: credential ?? NOBODY,
    payloadHash,
  })
  if (credential === null || chunkSigning === null) {
    throw new S3Error('InvalidAccessKeyId', { AWSAccessKeyId: authorization.accessKey })
  }
  refuseSessionToken(request)
  return { principal: credential.principal, mode: authorization.mode, payload, chunkSigning }
}

/** Who asks for what everybody may have: not even looked at. No body can be read for him. */
export const nobody: VerifiedRequest = {
  principal: { kind: 'anonymous' },
  mode: 'anonymous',
  payload: { kind: 'unsigned' },
  chunkSigning: null,
}

function verifyAnonymous(request: S3Request): VerifiedRequest {
  if (hasResponseOverrides(request.query)) {
    throw new S3Error(
      'InvalidRequest',
      {},
      { message: 'Request specific response headers cannot be used for anonymous GET requests.' },
    )
  }
  const payload = parsePayloadMode(request.headers.get(PAYLOAD_HEADER) ?? UNSIGNED_PAYLOAD)
  // Nobody can have signed these chunks.
  if (payload.kind === 'signed-chunks') throw new S3Error('AccessDenied')
  return { principal: { kind: 'anonymous' }, mode: 'anonymous', payload, chunkSigning: null }
}

function requireTime(authorization: SignedAuthorization, now: number): void {
  if (authorization.mode === 'query') {
    requireNotExpired(authorization, now)
  } else if (Math.abs(authorization.time - now) > SKEW_MAX_MS) {
    throw new S3Error('RequestTimeTooSkewed', {
      RequestTime: authorization.timestamp,
      ServerTime: new Date(now).toISOString(),
      MaxAllowedSkewMilliseconds: String(SKEW_MAX_MS),
    })
  }
}

/**
 * The holder of a presigned URL must not be able to add meaning to it, nor a proxy to a signed
 * request: host and every x-amz-* header count only when they are signed.
 */
function requireAllSigned(request: S3Request, authorization: SignedAuthorization): void {
  const { signedHeaders: signed } = authorization
  // Such headers are signed with the query, and count only if they say what it says.
  const hoisted = authorization.mode === 'query' ? hoistedHeaders(request.query) : NONE
  const missing: string[] = signed.includes('host') ? [] : ['host']
  for (const [name, value] of request.headers.entries()) {
    if (!name.startsWith('x-amz-') || signed.includes(name) || hoisted.get(name) === value) continue
    missing.push(name)
  }
  if (missing.length === 0) return
  throw new S3Error(
    'AccessDenied',
    { HeadersNotSigned: missing.join(', ') },
    { message: 'There were headers present in the request which were not signed' },
  )
}

function payloadHashOf(request: S3Request, authorization: SignedAuthorization): string {
  const header = request.headers.get(PAYLOAD_HEADER)
  if (header !== null) return header
  if (authorization.mode === 'query') {
    return request.query.get('X-Amz-Content-Sha256') ?? UNSIGNED_PAYLOAD
  }
  throw new S3Error(
    'InvalidRequest',
    { MissingHeaderName: PAYLOAD_HEADER },
    { message: `Missing required header for this request: ${PAYLOAD_HEADER}` },
  )
}

/** Null for nobody's signature, whatever it is. */
function requireSignature(
  request: S3Request,
  authorization: SignedAuthorization,
  known: { readonly credential: Credential; readonly payloadHash: string },
): ChunkSigning | null {
  const { signedHeaders, scope, timestamp, signature } = authorization
  const canonical = canonicalRequest({ request, signedHeaders, payloadHash: known.payloadHash })
  const text = stringToSign(canonical, timestamp, scope)
  const key = signingKey(known.credential, scope)
  const isSame = isSameSignature(sign(key, text), signature)
  if (known.credential === NOBODY) return null
  if (!isSame) {
    throw new S3Error('SignatureDoesNotMatch', {
      AWSAccessKeyId: authorization.accessKey,
      StringToSign: text,
      SignatureProvided: signature,
      CanonicalRequest: canonical,
    })
  }
  return { signingKey: key, seedSignature: signature, timestamp, scope: scope.text }
}

/** Permanent keys, the only ones there are, come without a token. */
function refuseSessionToken(request: S3Request): void {
  const token =
    request.headers.get('x-amz-security-token') ?? request.query.get('X-Amz-Security-Token')
  if (token !== null && token !== '') throw new S3Error('InvalidToken')
}

const NONE: ReadonlyMap<string, string> = new Map()
const PAYLOAD_HEADER = 'x-amz-content-sha256'

/** Takes as long to be refused as somebody. */
export const NOBODY: Credential = {
  accessKey: '',
  secretKey: 'spends the time of a real one',
  principal: { kind: 'anonymous' },
}
