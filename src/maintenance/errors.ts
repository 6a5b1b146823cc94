export type MaintenanceErrorKind =
  /** A process serves the directory, or other maintenance is under way. */
  | 'in-use'
  /** There is no store, or none that this version can read. */
  | 'unusable'
  /** What was asked for makes no sense. */
  | 'invalid'
  /** A backup is not as it was written, or not whole. */
  | 'damaged-backup'

/** Maintenance could not be done; nothing was changed. */
export class MaintenanceError extends Error {
  override readonly name = 'MaintenanceError'
  readonly kind: MaintenanceErrorKind

  constructor(kind: MaintenanceErrorKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}
