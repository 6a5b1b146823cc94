import { errnoOf } from '../platform/file-system.ts'
import { SegmentError } from '../segment/errors.ts'
import { EngineError, type EngineErrorKind } from './errors.ts'

const NO_ROOM: readonly string[] = ['ENOSPC', 'EDQUOT']

/** The border between the segment floor and the engine; what is neither's passes as it is. */
export function toEngineError(error: unknown): unknown {
  if (error instanceof SegmentError) {
    return new EngineError(kindOf(error), error.message, { cause: error })
  }
  const code = errnoOf(error)
  if (code === null) return error
  return new EngineError('read-failed', `disk did not answer: ${code}`, { cause: error })
}

function kindOf(error: SegmentError): EngineErrorKind {
  switch (error.kind) {
    case 'corruption':
    case 'unknown-version':
      return 'corruption'
    case 'missing-segment':
      return 'missing'
    case 'closed':
      return 'closed'
    case 'refused-tier':
      return 'write-failed'
    case 'abandoned':
      return NO_ROOM.includes(errnoOf(error.cause) ?? '') ? 'disk-full' : 'write-failed'
  }
}
