/** The one border from the floors below: their errors in the store's words. */
import { unreachable } from '../base/unreachable.ts'
import { CatalogError, type CatalogErrorKind } from '../catalog/errors.ts'
import { EngineError, type EngineErrorKind } from '../engine/errors.ts'
import { StoreError, type StoreErrorKind } from './errors.ts'

/** Errors of no lower floor, such as those of a body's own stream, pass as they are. */
export function fromLowerFloor(error: unknown): unknown {
  if (error instanceof EngineError) return wrapped(kindOfEngine(error.kind), error)
  if (error instanceof CatalogError) return wrapped(kindOfCatalog(error.kind), error)
  return error
}

function wrapped(kind: StoreErrorKind, cause: Error): StoreError {
  return new StoreError(kind, cause.message, {}, { cause })
}

function kindOfEngine(kind: EngineErrorKind): StoreErrorKind {
  switch (kind) {
    case 'disk-full':
      return 'disk-full'
    case 'write-failed':
    case 'read-failed':
    case 'closed':
      return 'unavailable'
    case 'corruption':
    // A blob that a row names and no segment has is lost data, not an absence.
    case 'missing':
      return 'corruption'
    default:
      return unreachable(kind)
  }
}

function kindOfCatalog(kind: CatalogErrorKind): StoreErrorKind {
  switch (kind) {
    case 'disk-full':
      return 'disk-full'
    case 'unavailable':
    case 'closed':
      return 'unavailable'
    case 'corruption':
    case 'unknown-version':
      return 'corruption'
    case 'trimmed':
      return 'invalid-request'
    default:
      return unreachable(kind)
  }
}
