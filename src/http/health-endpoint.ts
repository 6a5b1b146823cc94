import type { IncomingMessage, ServerResponse } from 'node:http'

/** What the server knows about itself. No secrets in either: anybody may ask. */
export interface HealthProbe {
  /** Null when requests can be served, or why they cannot. */
  notReady(): string | null
  /** What is not as it should be, one line each, and does not stop requests. */
  degraded?(): readonly string[]
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
  const details = url === READY ? (probe.degraded?.() ?? []) : []
  const lines = [reason ?? 'ok', ...details.map((line) => `degraded: ${line}`)]
  const body = `${lines.join('\n')}\n`
  response.writeHead(reason === null ? 200 : 503, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  })
  response.end(method === 'HEAD' ? undefined : body)
  return true
}
