import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** Numbers about the server for whoever may read them. */
export interface MetricsSource {
  readonly contentType: string
  /** What a reader must present as bearer token; null: anybody may read. */
  readonly token: string | null
  render(): Promise<string>
}

const PATH = '/metrics'
const BEARER = /^Bearer(?: |$)/

/**
 * Answers `GET /metrics` and tells whether it did. Requests signed for S3 are left alone, so that a
 * bucket named `metrics` stays usable.
 */
export function serveMetrics(
  request: IncomingMessage,
  response: ServerResponse,
  source: MetricsSource,
): boolean {
  const { url, method } = request
  if (url !== PATH || (method !== 'GET' && method !== 'HEAD')) return false
  const given = request.headers.authorization
  if (given !== undefined && !BEARER.test(given)) return false
  if (source.token !== null && !isSame(given?.replace(BEARER, '') ?? '', source.token)) {
    reply(response, { status: 401, type: 'text/plain', text: 'a bearer token is needed\n' })
    return true
  }
  source.render().then(
    (text) => reply(response, { status: 200, type: source.contentType, text }),
    () => reply(response, { status: 500, type: 'text/plain', text: 'no metrics now\n' }),
  )
  return true
}

/** In time that tells nothing of the token, not even its length. */
function isSame(given: string, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(token))
}

interface MetricsReply {
  readonly status: number
  readonly type: string
  readonly text: string
}

function reply(response: ServerResponse, { status, type, text }: MetricsReply): void {
  const body = Buffer.from(text)
  response.writeHead(status, {
    'content-type': type,
    'content-length': body.length,
    'cache-control': 'no-store',
    ...(status === 401 && { 'www-authenticate': 'Bearer' }),
  })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}
