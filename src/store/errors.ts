export type StoreErrorKind =
  | 'no-such-bucket'
  | 'bucket-exists'
  | 'bucket-not-empty'
  /** An ACL for others, where the bucket's ownership has disabled ACLs. */
  | 'acls-disabled'
  /** An ACL for others, where the bucket's public access block forbids it. */
  | 'public-access-blocked'
  /** ACLs cannot be disabled while the bucket's own gives others something. */
  | 'public-bucket-acl'
  /** Detail: `key`; and `markerVersionId` when a delete marker is why. */
  | 'no-such-key'
  | 'no-such-version'
  /** The version named is a delete marker. Detail: `versionId`, `lastModified`. */
  | 'delete-marker'
  | 'no-such-upload'
  /** A part named in Complete is missing or its ETag or checksum differs. Detail: `partNumber`. */
  | 'invalid-part'
  | 'invalid-part-order'
  /**
   * A part other than the last is smaller than 5 MiB. Detail: `partNumber`, `etag`, `proposedSize`,
   * `minSizeAllowed`.
   */
  | 'part-too-small'
  /** Detail: `maxSizeAllowed`. */
  | 'object-too-large'
  /** A precondition does not hold. `detail.condition` names it. */
  | 'precondition-failed'
  /**
   * A read condition says the client's copy is current. Carries etag and lastModified in detail.
   */
  | 'not-modified'
  /** Lost a race with a concurrent conditional write too many times. */
  | 'conflict'
  /** Detail: `size`; or `partNumber` and `partsCount` when a part was asked for. */
  | 'range-not-satisfiable'
  /** Content-MD5 or a checksum differs from the bytes. `detail.field` says which. */
  | 'bad-digest'
  /** Body ended before the declared size. */
  | 'incomplete-body'
  /** What is asked makes no sense for the stored thing; message tells. */
  | 'invalid-request'
  | 'disk-full'
  /** Nothing can be acknowledged right now; try again. */
  | 'unavailable'
  | 'corruption'

/** The store's one error. `detail` holds facts for the error body: no secrets in it. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly kind: StoreErrorKind
  readonly detail: Readonly<Record<string, string>>

  constructor(
    kind: StoreErrorKind,
    message: string = kind,
    detail: Record<string, string> = {},
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.kind = kind
    this.detail = detail
  }
}

/** S3 names the key in its answer. */
export function noSuchKey(key: string): StoreError {
  return new StoreError('no-such-key', undefined, { key })
}
