export type IdentityErrorKind =
  /** The configured access key or secret is too short. */
  | 'weak-credential'
  /** The stored credentials are damaged. */
  | 'unreadable'

/** Who may come in cannot be told. Messages name no secret. */
export class IdentityError extends Error {
  override readonly name = 'IdentityError'
  readonly kind: IdentityErrorKind

  constructor(kind: IdentityErrorKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}
