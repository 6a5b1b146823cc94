import { S3Error } from '../errors.ts'
import type { QueryParameters } from '../request.ts'

/**
 * Headers of the reply that `response-*` parameters of a GET or HEAD set, by lower-case name.
 * That they come only with signed requests is `verifyRequest`'s business.
 *
 * @throws S3Error `InvalidArgument` for a value that cannot stand in a header
 */
export function parseResponseOverrides(query: QueryParameters): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {}
  for (const [parameter, header] of OVERRIDES) {
    const value = query.get(parameter)
    if (value === null || value === '') continue
    if (!HEADER_VALUE.test(value)) {
      throw new S3Error(
        'InvalidArgument',
        { ArgumentName: parameter, ArgumentValue: JSON.stringify(value) },
        { message: 'Header value cannot be represented using ISO-8859-1.' },
      )
    }
    headers[header] = value
  }
  return headers
}

/** Whether any `response-*` parameter is there: signed requests only. */
export function hasResponseOverrides(query: QueryParameters): boolean {
  return OVERRIDES.some(([parameter]) => query.has(parameter))
}

/** AWS API Reference, GetObject, request parameters. */
const OVERRIDES = [
  ['response-cache-control', 'cache-control'],
  ['response-content-disposition', 'content-disposition'],
  ['response-content-encoding', 'content-encoding'],
  ['response-content-language', 'content-language'],
  ['response-content-type', 'content-type'],
  ['response-expires', 'expires'],
] as const

const HEADER_VALUE = /^[\t\x20-\x7e\xa0-\xff]*$/
