import type { S3Request } from '../../../src/s3/request.ts'
import { parseHeaders } from '../../../src/s3/wire/headers.ts'
import { hoistHeaders } from '../../../src/s3/wire/hoisted-headers.ts'
import { parseQuery } from '../../../src/s3/wire/query.ts'
import { parseRequestTarget } from '../../../src/s3/wire/request-target.ts'
import { resolveResource } from '../../../src/s3/wire/virtual-host.ts'

export interface RequestParts {
  readonly method: string
  /** Path and query as on the request line. */
  readonly target: string
  /** Name and value pairs, as sent. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body?: AsyncIterable<Uint8Array>
  readonly domains?: readonly string[]
}

/** A request as the dispatcher builds it, from what a client would put on the wire. */
export function s3Request(parts: RequestParts): S3Request {
  const { rawPath, rawQuery } = parseRequestTarget(parts.target)
  const query = parseQuery(rawQuery)
  const headers = hoistHeaders(parseHeaders(parts.headers.flat()), query)
  const host = headers.get('host')
  return {
    id: 'TEST',
    method: parts.method,
    rawPath,
    rawQuery,
    headers,
    query,
    ...resolveResource({ host, rawPath, domains: parts.domains ?? [] }),
    body: parts.body ?? pieces(),
    signal: new AbortController().signal,
    remoteAddress: '127.0.0.1',
    isSecure: false,
  }
}

/** A body in the given pieces. */
export async function* pieces(
  ...parts: readonly (Uint8Array | string)[]
): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === 'string' ? Buffer.from(part, 'latin1') : part
}

/** Reads a stream to its end. */
export async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts)
}
