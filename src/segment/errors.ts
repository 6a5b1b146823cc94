export type SegmentErrorKind =
  /** Bytes are not what was written. Names file, offset and field. Never served, always reported. */
  | 'corruption'
  /** The file was written by a version this one does not know. */
  | 'unknown-version'
  /** No live segment has this id. */
  | 'missing-segment'
  /** An earlier write or sync of this segment failed; nothing is acknowledged on it any more. */
  | 'abandoned'
  /** The directory of a tier is not there, or not this store's. The message says what to do. */
  | 'refused-tier'
  | 'closed'

export interface SegmentErrorDetail {
  readonly file?: string
  readonly offset?: number
  readonly field?: string
  /** In place of the words made of the others. */
  readonly message?: string
}

/** Every failure of the segment floor; the message names kind, file, offset and field. */
export class SegmentError extends Error {
  override readonly name = 'SegmentError'
  readonly kind: SegmentErrorKind
  readonly detail: SegmentErrorDetail

  constructor(kind: SegmentErrorKind, detail: SegmentErrorDetail = {}, options?: ErrorOptions) {
    super(detail.message ?? inWords(kind, detail), options)
    this.kind = kind
    this.detail = detail
  }
}

function inWords(kind: SegmentErrorKind, { file, offset, field }: SegmentErrorDetail): string {
  const where = [file, offset, field].filter((part) => part !== undefined)
  return where.length === 0 ? kind : `${kind}: ${where.join(', ')}`
}
