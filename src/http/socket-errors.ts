import type { Socket } from 'node:net'
import { S3Error, type S3ErrorCode } from '../s3/errors.ts'
import type { RequestListener } from '../s3/events.ts'
import { errorDocument } from '../s3/xml/error-document.ts'
import type { Connection } from './connection.ts'
import { refusedEvent } from './refused-event.ts'

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  405: 'Method Not Allowed',
}

/** How a refusal is known to the client and to the log. */
export interface RefusalContext {
  readonly requestId: string
  readonly onRequest: RequestListener
}

/**
 * Answers what Node's parser refuses, in S3's own form. Half a body is told to whoever reads it, so
 * that the request itself is answered. A request under way before the nonsense keeps its answer.
 */
export function refuseSocket(
  error: NodeJS.ErrnoException,
  socket: Socket,
  context: RefusalContext & { readonly connection: Connection },
): void {
  const { connection } = context
  connection.body?.hangUp(error)
  if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy()
  else if (connection.answering > 0) connection.isBroken = true
  else endWith(socket, new S3Error(codeOf(error)), context)
}

/** CONNECT asks for a tunnel; there is none. */
export function refuseConnect(socket: Socket, context: RefusalContext): void {
  endWith(socket, new S3Error('MethodNotAllowed', { Method: 'CONNECT' }), context)
}

function codeOf(error: NodeJS.ErrnoException): S3ErrorCode {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return 'RequestHeaderSectionTooLarge'
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'RequestTimeout'
    default:
      return 'BadRequest'
  }
}

function endWith(socket: Socket, error: S3Error, { requestId, onRequest }: RefusalContext): void {
  const remoteAddress = socket.remoteAddress ?? ''
  const xml = errorDocument(error, { resource: '', requestId, hostId: '' })
  const bytesSent = Buffer.byteLength(xml)
  const head = [
    `HTTP/1.1 ${error.status} ${REASONS[error.status] ?? 'Bad Request'}`,
    `x-amz-request-id: ${requestId}`,
    'content-type: application/xml',
    `content-length: ${bytesSent}`,
    'connection: close',
    '',
    '',
  ].join('\r\n')
  socket.end(head + xml, () => socket.destroySoon())
  const unread = { method: '', rawPath: '', userAgent: null }
  onRequest(refusedEvent({ requestId, remoteAddress, error, bytesSent, ...unread }))
}
