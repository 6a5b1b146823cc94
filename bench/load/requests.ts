/** Signed requests as bytes, made before anything is measured. */
import {
  amzDate,
  type SigningScope,
  sha256Hex,
  signHeaders,
} from '../../conformance/harness/sigv4.ts'
import type { Target } from '../target.ts'

export interface RequestParts {
  readonly method: 'GET' | 'PUT'
  /** Percent-encoded. */
  readonly path: string
  readonly query?: string
  readonly body?: Uint8Array
  /** Known beforehand when one body serves many requests. */
  readonly bodyHash?: string
}

/** The bytes of a request: its head, and its body if it has one. */
export function signedRequest(target: Target, parts: RequestParts): readonly Uint8Array[] {
  const { method, path, query = '', body } = parts
  const time = new Date()
  const hash = parts.bodyHash ?? sha256Hex(body ?? '')
  const headers: (readonly [string, string])[] = [
    ['host', `${target.host}:${target.port}`],
    ['x-amz-content-sha256', hash],
    ['x-amz-date', amzDate(time)],
  ]
  const { region, credentials } = target
  const scope: SigningScope = { credentials, region, service: 's3', time }
  const { authorization } = signHeaders({ method, path, query, headers }, scope, hash)
  const lines = [
    `${method} ${path}${query === '' ? '' : `?${query}`} HTTP/1.1`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    `authorization: ${authorization}`,
  ]
  if (method === 'PUT') lines.push(`content-length: ${body?.length ?? 0}`)
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
  return body === undefined ? [head] : [head, body]
}
