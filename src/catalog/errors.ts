export type CatalogErrorKind =
  /** Stored bytes of the journal or a snapshot are damaged. */
  | 'corruption'
  /** A write or sync failed and nothing can be acknowledged right now. */
  | 'unavailable'
  | 'disk-full'
  | 'unknown-version'
  /** The commits asked for are no longer in the journal, as is in order. */
  | 'trimmed'
  | 'closed'

/** Why the catalog did not do what it was asked for; nothing of it was acknowledged. */
export class CatalogError extends Error {
  override readonly name = 'CatalogError'
  readonly kind: CatalogErrorKind

  constructor(kind: CatalogErrorKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}
