import type { S3Request } from '../request.ts'

/** How a request says who sent it. Decided once, here; nothing else looks at these headers. */
export type Authorization = { readonly mode: 'anonymous' } | SignedAuthorization

export interface SignedAuthorization {
  readonly mode: 'header' | 'query'
  readonly accessKey: string
  readonly scope: CredentialScope
  /** Lower-case, as sent: sorted, without duplicates. */
  readonly signedHeaders: readonly string[]
  /** 64 lower-case hex digits. */
  readonly signature: string
}

export interface CredentialScope {
  /** YYYYMMDD. */
  readonly date: string
  readonly region: string
  readonly service: string
  readonly terminator: string
}

/**
 * Finds the one way in which `request` authenticates. The shape is checked, not the signature.
 *
 * @throws S3Error `InvalidArgument` when both header and query carry credentials, `InvalidRequest`
 *   for Signature Version 2 and 4A, `AuthorizationHeaderMalformed` or
 *   `AuthorizationQueryParametersError` for what is broken
 */
export function parseAuthorization(request: S3Request): Authorization {
  throw new Error(`not written yet: ${request.id}`)
}
