import { LRUCache } from 'lru-cache'
import { S3Error } from '../errors.ts'
import type { S3Request } from '../request.ts'
import { parseHttpDate } from '../wire/http-date.ts'
import { formatAmzDate, parseAmzDate } from './amz-date.ts'
import type { Authorization, SignedAuthorization } from './authorization.ts'
import { type CredentialScope, malformed, parseCredential } from './credential-scope.ts'
import { parsePresigned } from './presigned.ts'
import { ALGORITHM } from './signature-v4.ts'

/**
 * Finds the one way in which `request` authenticates. The shape is checked, not the signature.
 *
 * @throws S3Error `InvalidArgument` when both header and query carry credentials, `InvalidRequest`
 *   for Signature Version 2 and 4A, `AuthorizationHeaderMalformed` or
 *   `AuthorizationQueryParametersError` for what is broken, `AccessDenied` without a usable date
 */
export function parseAuthorization(request: S3Request): Authorization {
  const header = request.headers.get('authorization')
  const { query } = request
  const hasQuery = request.rawQuery !== ''
  const isPresigned = hasQuery && PRESIGNED_MARKS.some((name) => query.has(name))
  const isVersion2Query = hasQuery && (query.has('AWSAccessKeyId') || query.has('Signature'))
  // An empty one is not none: whoever means to authenticate is never taken for nobody.
  const hasHeader = header !== null

  if (Number(hasHeader) + Number(isPresigned) + Number(isVersion2Query) > 1) {
    throw new S3Error(
      'InvalidArgument',
      { ArgumentName: 'Authorization' },
      {
        message:
          'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, ' +
          'Signature query string parameter or the Authorization header should be specified',
      },
    )
  }
  if (isVersion2Query) throw version2()
  if (isPresigned) return parsePresigned(query)
  if (hasHeader) return parseHeader(header.trim(), request)
  return { mode: 'anonymous' }
}

const PRESIGNED_MARKS = ['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature'] as const

function parseHeader(header: string, request: S3Request): SignedAuthorization {
  if (header === '') throw new S3Error('AccessDenied')
  const { accessKey, scope, signedHeaders, signature } = signedHeader(header)
  const { timestamp, time } = requestTime(request)
  if (!timestamp.startsWith(scope.date)) {
    throw malformed(
      'header',
      `Invalid credential date "${scope.date}". This date is not the same as X-Amz-Date: ` +
        `"${timestamp.slice(0, 8)}".`,
    )
  }
  return {
    mode: 'header',
    accessKey,
    scope,
    signedHeaders,
    signature,
    timestamp,
    time,
    expiresIn: null,
  }
}

/** All that a header says but the signature: the same in each request that a client sends. */
interface Signer {
  readonly accessKey: string
  readonly scope: CredentialScope
  readonly signedHeaders: readonly string[]
}

/** By the header up to the signature, in which no secret is; counted in characters. */
const signers = new LRUCache<string, Signer>({ maxSize: 64 * 1024 })
const SIGNATURE = 'Signature='

function signedHeader(header: string): Signer & { readonly signature: string } {
  const lastAt = header.lastIndexOf(',') + 1
  const end = header.indexOf('=', lastAt) + 1
  const beginning = header.slice(0, end)
  const signature = header.slice(end)
  // Whatever another component holds, even these words, is no signature.
  const isLast = signature !== '' && beginning.slice(lastAt).trim() === SIGNATURE
  if (!isLast) return parseSigned(header)
  const known = signers.get(beginning)
  if (known !== undefined) {
    const { accessKey, scope, signedHeaders } = known
    return { accessKey, scope, signedHeaders, signature: signature.trim() }
  }
  // A part of a string keeps all of it in memory: of this copy, that is what is counted.
  const copy = Buffer.from(header, 'latin1').toString('latin1')
  const parsed = parseSigned(copy)
  signers.set(copy.slice(0, end), parsed, { size: copy.length })
  return parsed
}

function parseSigned(header: string): Signer & { readonly signature: string } {
  const space = header.indexOf(' ')
  const scheme = space < 0 ? header : header.slice(0, space)
  requireScheme(scheme)
  const components = parseComponents(space < 0 ? '' : header.slice(space + 1))
  const { accessKey, scope } = parseCredential(components.Credential, 'header')
  const signedHeaders = components.SignedHeaders.split(';')
  return { accessKey, scope, signedHeaders, signature: components.Signature }
}

function requireScheme(scheme: string): void {
  switch (scheme) {
    case ALGORITHM:
      return
    case 'AWS':
      throw version2()
    case 'AWS4-ECDSA-P256-SHA256':
      throw version4a()
    default:
      // The value is not repeated: it may be somebody's password in another scheme.
      throw new S3Error(
        'InvalidArgument',
        { ArgumentName: 'Authorization' },
        { message: 'Unsupported Authorization Type' },
      )
  }
}

interface Components {
  readonly Credential: string
  readonly SignedHeaders: string
  readonly Signature: string
}

function parseComponents(text: string): Components {
  const found: Record<string, string | undefined> = {
    Credential: undefined,
    SignedHeaders: undefined,
    Signature: undefined,
  } satisfies Record<keyof Components, undefined>
  for (const piece of text.split(',')) {
    const equals = piece.indexOf('=')
    const name = piece.slice(0, Math.max(equals, 0)).trim()
    if (found[name] !== undefined || !Object.hasOwn(found, name)) {
      throw malformed('header', `the authorization component "${piece.trim()}" is malformed.`)
    }
    found[name] = piece.slice(equals + 1).trim()
  }
  const { Credential = '', SignedHeaders = '', Signature = '' } = found
  if (Credential === '' || SignedHeaders === '' || Signature === '') {
    throw malformed(
      'header',
      'the authorization header requires three components: Credential, SignedHeaders, and ' +
        'Signature.',
    )
  }
  return { Credential, SignedHeaders, Signature }
}

function requestTime(request: S3Request): { readonly timestamp: string; readonly time: number } {
  const timestamp = request.headers.get('x-amz-date')
  if (timestamp !== null) {
    const time = parseAmzDate(timestamp)
    if (time !== null) return { timestamp, time }
  } else {
    const time = parseHttpDate(request.headers.get('date') ?? '')
    if (time !== null) return { timestamp: formatAmzDate(time), time }
  }
  throw new S3Error(
    'AccessDenied',
    {},
    { message: 'AWS authentication requires a valid Date or x-amz-date header' },
  )
}

/** Signature Version 2, wherever it is found. */
export function version2(): S3Error {
  return new S3Error(
    'InvalidRequest',
    {},
    {
      message:
        'The authorization mechanism you have provided is not supported. ' +
        `Please use ${ALGORITHM}.`,
    },
  )
}

function version4a(): S3Error {
  return new S3Error(
    'InvalidRequest',
    {},
    {
      message:
        'Signature Version 4A (AWS4-ECDSA-P256-SHA256) is not supported. ' +
        `Please use ${ALGORITHM}.`,
    },
  )
}
