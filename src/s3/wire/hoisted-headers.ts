import type { QueryParameters, RequestHeaders } from '../request.ts'
import { parseHeaders } from './headers.ts'

/**
 * The headers of a presigned request as its signer meant them: presigners move x-amz-* headers,
 * such as metadata and ACL, into the query, where the signature covers them and the holder of the
 * URL cannot leave them out. Such a parameter replaces a header of its name, which is not signed.
 *
 * What SDKs put there of checksums is of the empty body they had when they signed; S3 disregards
 * it.
 */
export function hoistHeaders(headers: RequestHeaders, query: QueryParameters): RequestHeaders {
  if (!query.has('X-Amz-Signature')) return headers
  const hoisted = hoistedHeaders(query)
  if (hoisted.size === 0) return headers
  const rawHeaders: string[] = []
  for (const [name, value] of headers.entries()) {
    if (!hoisted.has(name)) rawHeaders.push(name, value)
  }
  for (const [name, value] of hoisted) rawHeaders.push(name, value)
  return parseHeaders(rawHeaders)
}

/** The x-amz-* parameters that stand for headers: lower-case names, values as bytes in latin1. */
export function hoistedHeaders(query: QueryParameters): ReadonlyMap<string, string> {
  const hoisted = new Map<string, string>()
  for (const [parameter, value] of query.entries()) {
    const name = parameter.toLowerCase()
    if (isHoistable(name)) hoisted.set(name, Buffer.from(value).toString('latin1'))
  }
  return hoisted
}

function isHoistable(name: string): boolean {
  return (
    name.startsWith('x-amz-') &&
    !name.startsWith('x-amz-checksum-') &&
    !OWN_PARAMETERS.some((own) => own === name)
  )
}

const OWN_PARAMETERS = [
  'x-amz-algorithm',
  'x-amz-content-sha256',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-expires',
  'x-amz-sdk-checksum-algorithm',
  'x-amz-security-token',
  'x-amz-signature',
  'x-amz-signedheaders',
  'x-amz-trailer',
]
