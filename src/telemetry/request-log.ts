import type { RequestEvent, RequestListener } from '../s3/events.ts'
import { StoreError } from '../store/errors.ts'
import type { Log, LogFields } from './log.ts'

const LOWEST_SERVER_ERROR = 500
/** An answer of an overloaded or full server, not of a broken one. */
const EXPECTED_CODES: readonly string[] = ['SlowDown', 'ServiceUnavailable', 'InsufficientStorage']

/**
 * One line a request. Level error when something broke inside, warn when the server could not take
 * the request on, info otherwise: what clients do wrong is their business.
 */
export function requestLog(log: Log): RequestListener {
  return (event) => {
    const fields = requestFields(event)
    if (event.status < LOWEST_SERVER_ERROR && !isBrokenInside(event)) {
      log.info(fields, 'request')
    } else if (EXPECTED_CODES.includes(event.errorCode ?? '')) {
      log.warn({ ...fields, cause: event.cause }, 'request')
    } else {
      log.error({ ...fields, cause: event.cause }, 'request')
    }
  }
}

/** A reply that began well and could not be finished for want of the object's bytes. */
function isBrokenInside({ isComplete, cause }: RequestEvent): boolean {
  if (isComplete || !(cause instanceof StoreError)) return false
  return cause.kind === 'corruption' || cause.kind === 'unavailable'
}

function requestFields(event: RequestEvent): LogFields {
  const { bucket, key, principal, errorCode, userAgent, operation } = event
  return {
    requestId: event.requestId,
    ...(operation !== null && { operation }),
    method: event.method,
    path: event.rawPath,
    ...(bucket !== null && { bucket }),
    ...(key !== null && { key }),
    status: event.status,
    ...(errorCode !== null && { errorCode }),
    bytesIn: event.bytesReceived,
    bytesOut: event.bytesSent,
    durationMs: Math.round(event.durationMs * 1000) / 1000,
    ...(principal?.kind === 'root' && { accessKey: principal.accessKey }),
    remoteAddress: event.remoteAddress,
    ...(userAgent !== null && { userAgent }),
    ...(!event.isComplete && { incomplete: true }),
  }
}
