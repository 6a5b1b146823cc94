export type EngineErrorKind =
  /** No room for new bytes; reads and deletes go on. */
  | 'disk-full'
  /** A write or sync failed; the lane was abandoned and nothing of this blob was acknowledged. */
  | 'write-failed'
  /** Stored bytes are damaged. Never served. */
  | 'corruption'
  /** The disk did not answer a read (EIO, EMFILE, …): nothing is known about the bytes. */
  | 'read-failed'
  /** The blob is in no live segment. */
  | 'missing'
  | 'closed'

/** Every failure of the engine floor; `cause` is the error of the floor below. */
export class EngineError extends Error {
  override readonly name = 'EngineError'
  readonly kind: EngineErrorKind

  constructor(kind: EngineErrorKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}
