import type { RangeRequest } from '../../store/object-store.ts'
import { S3Error } from '../errors.ts'

/**
 * The one byte range a Range header asks for (RFC 9110 §14). Null, that is the whole object, when
 * the header is absent, malformed, of another unit, or asks for several ranges. Numbers beyond
 * 2^53 are clamped: they lie behind the end of any object.
 */
export function parseRange(value: string | null): RangeRequest | null {
  const match = value === null ? null : BYTE_RANGE.exec(value)
  if (match === null) return null
  const [, first = '', last = ''] = match
  if (first === '') return last === '' ? null : { suffix: toOffset(last) }
  const start = toOffset(first)
  if (last === '') return { start, end: null }
  const end = toOffset(last)
  return start > end ? null : { start, end }
}

/**
 * x-amz-copy-source-range: `bytes=first-last`, both offsets given, `end` inclusive.
 *
 * @throws S3Error `InvalidArgument` for anything else
 */
export function parseCopySourceRange(
  value: string | null,
): { readonly start: number; readonly end: number } | null {
  if (value === null) return null
  const range = parseRange(value)
  if (range === null || 'suffix' in range || range.end === null) {
    throw new S3Error(
      'InvalidArgument',
      { ArgumentName: 'x-amz-copy-source-range', ArgumentValue: value },
      {
        message:
          'The x-amz-copy-source-range value must be of the form bytes=first-last where first ' +
          'and last are the zero-based offsets of the first and last bytes to copy',
      },
    )
  }
  return { start: range.start, end: range.end }
}

const BYTE_RANGE = /^bytes=(\d*)-(\d*)$/i

function toOffset(digits: string): number {
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER)
}
