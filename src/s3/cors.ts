/**
 * Cross-origin rules against a request. Pure; a pattern holds at most one `*`, so that matching
 * takes one look at both ends and no expression is made of what a client sent.
 * Source: AWS S3 User Guide, "Using cross-origin resource sharing (CORS)"; Fetch, "HTTP-CORS
 * protocol".
 */
import type { CorsMethod, CorsRule } from '../store/bucket-config.ts'

export interface CorsRequest {
  readonly origin: string
  readonly method: string
  /** Of a preflight: names that the request will send, in any case. */
  readonly headers: readonly string[]
}

export const corsMethods: readonly CorsMethod[] = ['GET', 'PUT', 'POST', 'DELETE', 'HEAD']

/** What the answer depends on, for caches. */
export const VARY = 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method'

/** Headers that tell a browser what the first rule that matches allows; null when none does. */
export function corsHeaders(
  rules: readonly CorsRule[],
  request: CorsRequest,
): Record<string, string> | null {
  for (const rule of rules) {
    const pattern = rule.origins.find((origin) => isMatch(origin, request.origin))
    if (pattern === undefined) continue
    if (!rule.methods.some((method) => method === request.method)) continue
    if (!request.headers.every((name) => isAllowedHeader(rule, name))) continue
    return headersOf(rule, pattern, request)
  }
  return null
}

/** Of Access-Control-Request-Headers. */
export function requestedHeaders(value: string | null): readonly string[] {
  if (value === null) return []
  return value
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '')
}

function headersOf(
  rule: CorsRule,
  pattern: string,
  { origin, headers }: CorsRequest,
): Record<string, string> {
  const isAnyOrigin = pattern === '*'
  return {
    'access-control-allow-origin': isAnyOrigin ? '*' : origin,
    'access-control-allow-methods': rule.methods.join(', '),
    ...(headers.length > 0 && { 'access-control-allow-headers': headers.join(', ') }),
    ...(rule.exposeHeaders.length > 0 && {
      'access-control-expose-headers': rule.exposeHeaders.join(', '),
    }),
    ...(rule.maxAgeSeconds !== null && {
      'access-control-max-age': String(rule.maxAgeSeconds),
    }),
    ...(!isAnyOrigin && { 'access-control-allow-credentials': 'true' }),
    vary: VARY,
  }
}

function isAllowedHeader(rule: CorsRule, name: string): boolean {
  return rule.headers.some((pattern) => isMatch(pattern.toLowerCase(), name))
}

function isMatch(pattern: string, text: string): boolean {
  const star = pattern.indexOf('*')
  if (star < 0) return pattern === text
  const tail = pattern.slice(star + 1)
  return (
    text.length >= star + tail.length &&
    text.startsWith(pattern.slice(0, star)) &&
    text.endsWith(tail)
  )
}
