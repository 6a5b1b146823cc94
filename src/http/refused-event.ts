import type { S3Error } from '../s3/errors.ts'
import type { RequestEvent } from '../s3/events.ts'

/** What there is to tell about a request that nobody looked into. */
export interface RefusedRequest {
  readonly requestId: string
  /** '' when it could not be read. */
  readonly method: string
  /** '' when it could not be read. */
  readonly rawPath: string
  readonly remoteAddress: string
  readonly userAgent: string | null
  readonly error: S3Error
  readonly bytesSent: number
}

export function refusedEvent({ error, ...facts }: RefusedRequest): RequestEvent {
  return {
    operation: null,
    bucket: null,
    key: null,
    principal: null,
    status: error.status,
    errorCode: error.code,
    cause: error.cause ?? null,
    bytesReceived: 0,
    durationMs: 0,
    isComplete: true,
    ...facts,
  }
}
