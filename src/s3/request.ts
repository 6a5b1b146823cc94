/**
 * One HTTP request as the S3 floor sees it: text, before any meaning. Built from the socket by
 * `http/s3-endpoint.ts`; nothing is decoded yet, so that routing, signature check, authoriser and
 * handler all work from the same one decoding, done in `decoded-request.ts`.
 */
export interface RawRequest {
  /** x-amz-request-id of the reply, the log and the error body. */
  readonly id: string
  readonly method: string
  /** Request target as sent: origin-form path with percent-escapes, without the query. */
  readonly rawPath: string
  /** As sent, without the question mark; '' when there is none. */
  readonly rawQuery: string
  readonly headers: RequestHeaders
  /** The body as it comes from the socket; read once. Reading it sends 100-continue when asked. */
  readonly body: AsyncIterable<Uint8Array>
  /** Aborts when the client goes away or the server gives the request up. */
  readonly signal: AbortSignal
  readonly remoteAddress: string
  readonly isSecure: boolean
}

/** Headers as sent: names lower-case, in order, values untouched; duplicates kept apart. */
export interface RequestHeaders {
  /** First value, or null. */
  get(name: string): string | null
  /** All values in order. */
  all(name: string): readonly string[]
  entries(): Iterable<readonly [name: string, value: string]>
  /** Whether any header was sent more than once. */
  readonly hasRepeated: boolean
}

/** Query parameters, percent-decoded once, in order, duplicates kept. '+' is a plus sign. */
export interface QueryParameters {
  has(name: string): boolean
  /** First value ('' for a bare name), or null when absent. */
  get(name: string): string | null
  entries(): Iterable<readonly [name: string, value: string]>
}

/** A request whose bucket, key and query were decoded, once. */
export interface S3Request extends RawRequest {
  readonly query: QueryParameters
  /** Decoded, not yet validated; null for the service itself. */
  readonly bucket: string | null
  /** Decoded; null for a bucket or the service. */
  readonly key: string | null
}

export interface S3Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** An iterable body needs `content-length` in `headers`, or it is sent chunked. */
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>
  /** Close the connection after it: what is unread of the request is not wanted. */
  readonly close?: boolean
}
