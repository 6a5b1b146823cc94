import type { IncomingMessage, ServerResponse } from 'node:http'
import { S3Error } from '../s3/errors.ts'
import { errorDocument } from '../s3/xml/error-document.ts'

/**
 * Answers a request that came while the server is still starting. Nothing of it is looked at: who
 * sent it cannot be known yet.
 */
export function refuseEarly(request: IncomingMessage, response: ServerResponse): void {
  const error = new S3Error('ServiceUnavailable', {})
  const facts = { resource: '', requestId: '', hostId: '' }
  const body = Buffer.from(errorDocument(error, facts))
  response.writeHead(error.status, {
    'content-type': 'application/xml',
    'content-length': body.length,
    'retry-after': '1',
    connection: 'close',
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}
