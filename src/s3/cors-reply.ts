import { parseBucketName } from '../model/bucket-name.ts'
import type { ObjectStore } from '../store/object-store.ts'
import { corsHeaders, VARY } from './cors.ts'
import type { S3Reply, S3Request } from './request.ts'

/**
 * The reply to a page of another origin, with what the bucket's rules let the browser do with it.
 * Errors get them too: a page may read why it was refused. Never rejects: a reply that is made goes
 * out, and without the headers the browser keeps it to itself.
 */
export async function addCorsHeaders(
  store: ObjectStore,
  { request, reply }: { readonly request: S3Request | null; readonly reply: S3Reply },
): Promise<S3Reply> {
  const origin = request?.headers.get('origin') ?? null
  const bucket = request?.bucket == null ? null : parseBucketName(request.bucket)
  // A preflight answers for itself.
  if (request === null || origin === null || bucket === null || request.method === 'OPTIONS') {
    return reply
  }
  const rules = await store.getBucketConfig(bucket, 'cors').catch(() => null)
  if (rules === null) return reply
  // Browsers name it in a preflight only; S3 heeds it anywhere.
  const method = request.headers.get('access-control-request-method') ?? request.method
  const allowed = corsHeaders(rules, { origin, method, headers: [] }) ?? { vary: VARY }
  return { ...reply, headers: { ...reply.headers, ...allowed } }
}
