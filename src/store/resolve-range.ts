import { StoreError } from './errors.ts'
import type { RangeRequest, ResolvedRange } from './object-store.ts'

/**
 * A requested range as bytes of an object of `size` bytes (RFC 9110 §14.1.2): cut at the end,
 * refused when it holds no byte.
 *
 * @throws StoreError `range-not-satisfiable` with the size
 */
export function resolveRange(request: RangeRequest, size: number): ResolvedRange {
  if ('suffix' in request) {
    if (request.suffix === 0 || size === 0) throw notSatisfiable(size)
    return { start: Math.max(0, size - request.suffix), end: size }
  }
  const { start, end } = request
  if (start >= size || (end !== null && end < start)) throw notSatisfiable(size)
  return { start, end: end === null ? size : Math.min(end + 1, size) }
}

function notSatisfiable(size: number): StoreError {
  return new StoreError('range-not-satisfiable', undefined, { size: String(size) })
}
