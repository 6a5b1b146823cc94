import type { Identity, Principal } from '../../identity/identity.ts'
import type { S3Request } from '../request.ts'
import type { PayloadMode } from './payload-mode.ts'

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
  readonly signingKey: Buffer
  /** Hex; the `previous signature` of the first chunk. */
  readonly seedSignature: string
  /** YYYYMMDDTHHMMSSZ of the request. */
  readonly timestamp: string
  /** date/region/service/aws4_request */
  readonly scope: string
}

/**
 * Decides who sent `request`: checks credentials, scope, clock, expiry, that everything that must be
 * signed is, and the signature itself. Reads nothing of the body. Never logs or returns a secret.
 *
 * @throws S3Error with the code AWS uses for each flaw: `AccessDenied`, `InvalidAccessKeyId`,
 *   `SignatureDoesNotMatch`, `RequestTimeTooSkewed`, `AuthorizationHeaderMalformed` …
 */
export function verifyRequest(request: S3Request, options: VerifyOptions): VerifiedRequest {
  throw new Error(`not written yet: ${request.id} ${options.region}`)
}
