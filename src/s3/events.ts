import type { Principal } from '../identity/identity.ts'

/** What became of one request: the access log, the audit and the metrics are made of these. */
export interface RequestEvent {
  readonly requestId: string
  /** AWS's name of the operation; null when the request named none. */
  readonly operation: string | null
  readonly method: string
  /** As sent, without the query: a query may carry a presigned signature. */
  readonly rawPath: string
  readonly bucket: string | null
  readonly key: string | null
  /** Null when the request was refused before anybody was recognised. */
  readonly principal: Principal | null
  /** 0 when the client went away before a status was written. */
  readonly status: number
  readonly errorCode: string | null
  /** What lies behind an internal error; for the log only, never for the wire. */
  readonly cause: unknown
  readonly remoteAddress: string
  readonly userAgent: string | null
  /** Bytes of the request body that were read. */
  readonly bytesReceived: number
  /** Bytes of the reply body that were handed to the socket. */
  readonly bytesSent: number
  readonly durationMs: number
  /** False when the connection broke before the reply was written whole. */
  readonly isComplete: boolean
}

/** Must not throw and must not block: it stands on the path of every request. */
export type RequestListener = (event: RequestEvent) => void
