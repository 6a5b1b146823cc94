/** Conditional requests: pure rules over what is stored. */
import { StoreError } from './errors.ts'
import { etagText } from './object-info.ts'
import type { ReadConditions, WriteConditions } from './object-store.ts'
import { decodeObjectHead, type ObjectHeadFields } from './rows/object-row.ts'

const ANY = '*'

/**
 * If-Match and If-None-Match of a write against the object it would replace.
 *
 * @throws StoreError `precondition-failed`; `no-such-key` when If-Match finds no object, as S3 does
 */
export function requireWriteConditions(row: Buffer | null, conditions: WriteConditions): void {
  const { ifMatch, ifNoneMatch } = conditions
  if (ifMatch === undefined && ifNoneMatch === undefined) return
  const etag = row === null ? null : etagText(decodeObjectHead(row))
  if (ifMatch !== undefined) {
    if (etag === null) throw new StoreError('no-such-key')
    if (!matches(etag, [ifMatch])) throw failed('If-Match')
  }
  if (ifNoneMatch !== undefined && etag !== null && matches(etag, [ifNoneMatch])) {
    throw failed('If-None-Match')
  }
}

/**
 * Conditions of a read, by the precedence of RFC 9110 §13.2.2.
 *
 * @throws StoreError `precondition-failed`, or `not-modified` with etag and lastModified
 */
export function requireReadConditions(object: ObjectHeadFields, conditions: ReadConditions): void {
  const etag = etagText(object)
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions
  const isModifiedSince = (time: number) => seconds(object.modifiedAt) > seconds(time)
  if (ifMatch !== undefined) {
    if (!matches(etag, ifMatch)) throw failed('If-Match')
  } else if (ifUnmodifiedSince !== undefined && isModifiedSince(ifUnmodifiedSince)) {
    throw failed('If-Unmodified-Since')
  }
  const isCurrent =
    ifNoneMatch !== undefined
      ? matches(etag, ifNoneMatch)
      : ifModifiedSince !== undefined && !isModifiedSince(ifModifiedSince)
  if (isCurrent) {
    const detail = { etag, lastModified: String(object.modifiedAt) }
    throw new StoreError('not-modified', undefined, detail)
  }
}

/** Conditions on the source of a copy: there is no copy of the client's to be current. */
export function requireCopyConditions(object: ObjectHeadFields, conditions: ReadConditions): void {
  try {
    requireReadConditions(object, conditions)
  } catch (error) {
    if (error instanceof StoreError && error.kind === 'not-modified') {
      throw failed('x-amz-copy-source-if')
    }
    throw error
  }
}

function matches(etag: string, wanted: readonly string[]): boolean {
  return wanted.some((candidate) => candidate === ANY || candidate === etag)
}

/** HTTP dates have no more than seconds. */
function seconds(timeMs: number): number {
  return Math.floor(timeMs / 1000)
}

function failed(condition: string): StoreError {
  return new StoreError('precondition-failed', undefined, { condition })
}
