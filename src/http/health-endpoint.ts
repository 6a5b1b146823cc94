import type { IncomingMessage, ServerResponse } from 'node:http'

/** What the server knows about itself. */
export interface HealthProbe {
  /** Null when requests can be served, or why they cannot; no secrets in it. */
  notReady(): string | null
}

const LIVE = '/health/live'
const READY = '/health/ready'

/**
 * Answers `/health/live` and `/health/ready` and tells whether it did. Only exact GET and HEAD
 * requests without credentials are taken, so a bucket named `health` stays fully usable.
 */
export function serveHealth(
  request: IncomingMessage,
  response: ServerResponse,
  probe: HealthProbe,
): boolean {
  const { url, method } = request
  if (url !== LIVE && url !== READY) return false
  if (method !== 'GET' && method !== 'HEAD') return false
  if (request.headers.authorization !== undefined) return false
  const reason = url === READY ? probe.notReady() : null
  const body = reason === null ? 'ok\n' : `${reason}\n`
  response.writeHead(reason === null ? 200 : 503, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  })
  response.end(method === 'HEAD' ? undefined : body)
  return true
}
