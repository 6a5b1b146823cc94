/** What x-amz-content-sha256 says about the body: how its bytes are proven. */
export type PayloadMode =
  /** Nothing is promised about the bytes by the signature. */
  | { readonly kind: 'unsigned' }
  /** SHA-256 of the whole body, 32 bytes. */
  | { readonly kind: 'sha256'; readonly digest: Buffer }
  /** aws-chunked, each chunk signed; with `hasTrailer` a signed trailer follows. */
  | { readonly kind: 'signed-chunks'; readonly hasTrailer: boolean }
  /** aws-chunked, chunks unsigned, a trailer with a checksum follows. */
  | { readonly kind: 'unsigned-chunks' }
