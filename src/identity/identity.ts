/** Who may: access keys and the principals behind them. */
export interface Identity {
  /** Null when no such key exists. Synchronous: it stands on the path of every request. */
  find(accessKey: string): Credential | null
}

export interface Credential {
  readonly accessKey: string
  /** Never logged, never in an error. */
  readonly secretKey: string
  readonly principal: Principal
}

export type Principal =
  | { readonly kind: 'root'; readonly accessKey: string }
  | { readonly kind: 'anonymous' }
