import type { ObjectBody } from '../store/object-store.ts'
import type { VerifiedRequest } from './auth/verify.ts'
import { objectBody } from './body/object-body.ts'
import { textBody } from './body/text-body.ts'
import type { DecodeRequest, TextBodyOptions } from './operation.ts'
import type { QueryParameters, RawRequest, RequestHeaders, S3Request } from './request.ts'
import { parseHeaders } from './wire/headers.ts'
import { hoistHeaders } from './wire/hoisted-headers.ts'
import { parseQuery } from './wire/query.ts'
import { resolveResource } from './wire/virtual-host.ts'

/** Bucket, key and query decoded, once: router, signature, authoriser and handler see the same. */
export class DecodedRequest implements DecodeRequest {
  readonly id: string
  readonly method: string
  readonly rawPath: string
  readonly rawQuery: string
  readonly headers: RequestHeaders
  readonly body: AsyncIterable<Uint8Array>
  readonly query: QueryParameters
  readonly bucket: string | null
  readonly key: string | null
  /** Set once the sender is known; before that the body cannot be read. */
  verified: VerifiedRequest | null = null
  readonly #raw: RawRequest

  /** @throws S3Error `InvalidURI` for a path or query that cannot be decoded */
  constructor(raw: RawRequest, domains: readonly string[]) {
    const host = raw.headers.get('host')
    const { bucket, key } = resolveResource({ host, rawPath: raw.rawPath, domains })
    this.id = raw.id
    this.method = raw.method
    this.rawPath = raw.rawPath
    this.rawQuery = raw.rawQuery
    this.body = raw.body
    this.query = parseQuery(raw.rawQuery)
    this.headers = hoistHeaders(raw.headers, this.query)
    this.bucket = bucket
    this.key = key
    this.#raw = raw
  }

  get signal(): AbortSignal {
    return this.#raw.signal
  }

  get remoteAddress(): string {
    return this.#raw.remoteAddress
  }

  get isSecure(): boolean {
    return this.#raw.isSecure
  }

  objectBody(): ObjectBody {
    return objectBody(this, this.#proof())
  }

  textBody(sizeMax: number, options: TextBodyOptions = {}): Promise<string> {
    const request = options.checksumOfObject === true ? this.#withoutChecksums() : this
    return textBody(request, this.#proof(), sizeMax)
  }

  #withoutChecksums(): S3Request {
    const kept: string[] = []
    for (const [name, value] of this.headers.entries()) {
      if (!name.startsWith('x-amz-checksum-')) kept.push(name, value)
    }
    const { id, method, rawPath, rawQuery, body, query, bucket, key, signal } = this
    const { remoteAddress, isSecure } = this
    const headers = parseHeaders(kept)
    const target = { id, method, rawPath, rawQuery, bucket, key, query, headers }
    return { ...target, body, signal, remoteAddress, isSecure }
  }

  #proof(): VerifiedRequest {
    if (this.verified === null) throw new Error('the body was asked for before its sender')
    return this.verified
  }
}
