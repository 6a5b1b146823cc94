import type { CredentialScope } from './credential-scope.ts'

/** How a request says who sent it. Decided once, by `parseAuthorization`. */
export type Authorization = { readonly mode: 'anonymous' } | SignedAuthorization

export interface SignedAuthorization {
  readonly mode: 'header' | 'query'
  readonly accessKey: string
  readonly scope: CredentialScope
  /** As sent; names are lower-case in requests of sane clients. */
  readonly signedHeaders: readonly string[]
  /** As sent. */
  readonly signature: string
  /** When it was signed: YYYYMMDDTHHMMSSZ, and the same in milliseconds since the epoch. */
  readonly timestamp: string
  readonly time: number
  /** Seconds a presigned request lives; null for header mode. */
  readonly expiresIn: number | null
}
