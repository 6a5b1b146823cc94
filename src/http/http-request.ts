import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { RawRequest, RequestHeaders } from '../s3/request.ts'
import { parseHeaders } from '../s3/wire/headers.ts'
import { parseRequestTarget, type RequestTarget } from '../s3/wire/request-target.ts'
import type { Connection } from './connection.ts'
import type { RequestBody } from './request-body.ts'

/** Node's request as the S3 floor wants it; what costs something is made only when asked for. */
export class HttpRequest implements RawRequest {
  readonly id: string
  readonly method: string
  readonly rawPath: string
  readonly rawQuery: string
  /** Host of an absolute-form target, as proxies send it; null otherwise. */
  readonly authority: string | null
  readonly headers: RequestHeaders
  readonly body: AsyncIterable<Uint8Array>
  readonly #request: IncomingMessage
  readonly #connection: Connection

  constructor(
    id: string,
    request: IncomingMessage,
    parts: { readonly body: RequestBody | null; readonly connection: Connection },
  ) {
    const { rawPath, rawQuery, authority } = targetOf(request)
    this.id = id
    this.method = request.method ?? ''
    this.rawPath = rawPath
    this.rawQuery = rawQuery
    this.authority = authority
    this.headers = parseHeaders(request.rawHeaders)
    this.body = parts.body ?? nothing
    this.#request = request
    this.#connection = parts.connection
  }

  get signal(): AbortSignal {
    return this.#connection.signal
  }

  get remoteAddress(): string {
    return this.#connection.remoteAddress
  }

  get isSecure(): boolean {
    return (this.#request.socket as Partial<TLSSocket>).encrypted === true
  }
}

function targetOf(request: IncomingMessage): RequestTarget {
  const target = request.url ?? ''
  try {
    return parseRequestTarget(target)
  } catch {
    // Not a path, such as the `*` of OPTIONS: the dispatcher refuses it like any broken path.
    return { rawPath: target, rawQuery: '', authority: null }
  }
}

/** The body of a request that has none. */
const nothing: AsyncIterable<Uint8Array> = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
}
