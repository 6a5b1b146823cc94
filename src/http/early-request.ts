import type { ServerResponse } from 'node:http'
import { S3Error } from '../s3/errors.ts'
import type { RequestListener } from '../s3/events.ts'
import { errorDocument } from '../s3/xml/error-document.ts'
import type { HttpRequest } from './http-request.ts'
import { refusedEvent } from './refused-event.ts'

/** Tells a client that nothing has happened: it may ask the same again. */
const STILL_STARTING = 'The server is still starting. Please try again.'

/**
 * Answers a request that came while the server is still starting. Nothing of it is looked at: who
 * sent it cannot be known yet.
 */
export function refuseEarly(
  request: HttpRequest,
  response: ServerResponse,
  onRequest: RequestListener,
): void {
  const { id: requestId, method, rawPath, remoteAddress } = request
  const error = new S3Error('ServiceUnavailable', {}, { message: STILL_STARTING })
  const body = Buffer.from(errorDocument(error, { resource: rawPath, requestId, hostId: '' }))
  response.writeHead(error.status, {
    'x-amz-request-id': requestId,
    'content-type': 'application/xml',
    'content-length': body.length,
    'retry-after': '1',
    connection: 'close',
  })
  response.end(method === 'HEAD' ? undefined : body)
  const userAgent = request.headers.get('user-agent')
  const bytesSent = method === 'HEAD' ? 0 : body.length
  onRequest(
    refusedEvent({ requestId, method, rawPath, remoteAddress, userAgent, error, bytesSent }),
  )
}
