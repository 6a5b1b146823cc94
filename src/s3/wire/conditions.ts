import type { ReadConditions, WriteConditions } from '../../store/object-store.ts'
import { S3Error } from '../errors.ts'
import type { RequestHeaders } from '../request.ts'
import { parseEtagList } from './etag.ts'
import { parseHttpDate } from './http-date.ts'

/** If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since of a read. */
export function parseReadConditions(headers: RequestHeaders): ReadConditions {
  return conditions(headers, 'if-')
}

/** The same four for the source of a copy: `x-amz-copy-source-if-…`. */
export function parseCopySourceConditions(headers: RequestHeaders): ReadConditions {
  return conditions(headers, 'x-amz-copy-source-if-')
}

/**
 * If-Match and If-None-Match of a write.
 *
 * @throws S3Error `NotImplemented` for a list of tags, which S3 does not take on writes either
 */
export function parseWriteConditions(headers: RequestHeaders): WriteConditions {
  const ifMatch = singleTag(headers, 'if-match')
  const ifNoneMatch = singleTag(headers, 'if-none-match')
  if (ifMatch === null && ifNoneMatch === null) return UNCONDITIONAL
  return {
    ...(ifMatch !== null && { ifMatch }),
    ...(ifNoneMatch !== null && { ifNoneMatch }),
  }
}

const UNCONDITIONAL: WriteConditions = {}

function conditions(headers: RequestHeaders, prefix: string): ReadConditions {
  const ifMatch = tags(headers, `${prefix}match`)
  const ifNoneMatch = tags(headers, `${prefix}none-match`)
  const ifModifiedSince = date(headers, `${prefix}modified-since`)
  const ifUnmodifiedSince = date(headers, `${prefix}unmodified-since`)
  return {
    ...(ifMatch !== null && { ifMatch }),
    ...(ifNoneMatch !== null && { ifNoneMatch }),
    ...(ifModifiedSince !== null && { ifModifiedSince }),
    ...(ifUnmodifiedSince !== null && { ifUnmodifiedSince }),
  }
}

function tags(headers: RequestHeaders, name: string): readonly string[] | null {
  const values = headers.all(name)
  return values.length === 0 ? null : parseEtagList(values.join(','))
}

/** RFC 9110 §13.1.3: an invalid date is as good as none. */
function date(headers: RequestHeaders, name: string): number | null {
  const value = headers.get(name)
  return value === null ? null : parseHttpDate(value)
}

function singleTag(headers: RequestHeaders, name: string): string | null {
  const list = tags(headers, name)
  if (list === null) return null
  const [tag, ...others] = list
  if (tag === undefined || others.length > 0) {
    throw new S3Error('NotImplemented', { Header: name })
  }
  return tag
}
