import { S3Error } from '../errors.ts'
import type { QueryParameters } from '../request.ts'

/** The most entries a list answers with, whatever is asked. AWS API Reference, ListObjectsV2. */
export const LIST_LIMIT_MAX = 1000
/** AWS S3 User Guide, "Amazon S3 multipart upload limits". */
export const PART_NUMBER_MAX = 10_000

/**
 * max-keys, max-parts, max-uploads, max-buckets: 0 … 1000, where more is cut to 1000 and absent or
 * empty means 1000.
 *
 * @throws S3Error `InvalidArgument` for a negative number, a number beyond 2^31 - 1, or none
 */
export function parseLimit(query: QueryParameters, name: string): number {
  return Math.min(parseInteger(query, name) ?? LIST_LIMIT_MAX, LIST_LIMIT_MAX)
}

/**
 * partNumber: 1 … 10000, or null when absent.
 *
 * @throws S3Error `InvalidArgument` for anything else
 */
export function parsePartNumber(query: QueryParameters): number | null {
  if (!query.has('partNumber')) return null
  const text = query.get('partNumber') ?? ''
  const number = DIGITS.test(text) ? Number(text) : 0
  if (number < 1 || number > PART_NUMBER_MAX) {
    throw new S3Error(
      'InvalidArgument',
      { ArgumentName: 'partNumber', ArgumentValue: text },
      { message: 'Part number must be an integer between 1 and 10000, inclusive' },
    )
  }
  return number
}

/** part-number-marker: 0 when absent or empty. @throws S3Error `InvalidArgument` as `parseLimit` */
export function parsePartNumberMarker(query: QueryParameters): number {
  return parseInteger(query, 'part-number-marker') ?? 0
}

const DIGITS = /^\d{1,16}$/
const INTEGER_MAX = 2 ** 31 - 1

function parseInteger(query: QueryParameters, name: string): number | null {
  const text = query.get(name)
  if (text === null || text === '') return null
  if (!DIGITS.test(text) || Number(text) > INTEGER_MAX) {
    const message = NEGATIVE.test(text)
      ? `Argument ${name} must be an integer between 0 and ${INTEGER_MAX}`
      : `Provided ${name} not an integer or within integer range`
    throw new S3Error('InvalidArgument', { ArgumentName: name, ArgumentValue: text }, { message })
  }
  return Number(text)
}

const NEGATIVE = /^-\d+$/
