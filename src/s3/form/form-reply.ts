import type { BucketName } from '../../model/bucket-name.ts'
import type { ObjectInfo } from '../../store/object-store.ts'
import type { S3Reply } from '../request.ts'
import { formatEtag } from '../wire/etag.ts'
import { encodePath } from '../wire/percent.ts'
import { postResponse } from '../xml/post-response.ts'
import type { FormFields } from './form-fields.ts'

export interface FormResult {
  readonly bucket: BucketName
  readonly object: ObjectInfo
  /** Further headers, such as the checksum's. */
  readonly headers: Readonly<Record<string, string>>
  /** Scheme and authority the client used. */
  readonly origin: string
  /** Path of the bucket as the client used it, with a slash at its end. */
  readonly bucketPath: string
}

/** What the form wants to hear: a redirect, a status, or nothing. */
export function formReply(fields: FormFields, result: FormResult): S3Reply {
  const { bucket, object } = result
  const etag = formatEtag(object.etag)
  const redirect = redirectOf(fields, { bucket, key: object.key, etag })
  if (redirect !== null) {
    return { status: 303, headers: { etag, location: redirect, ...result.headers } }
  }
  const location = `${result.origin}${result.bucketPath}${encodePath(object.key)}`
  const headers = { etag, location, ...result.headers }
  switch (fields.get('success_action_status')) {
    case '200':
      return { status: 200, headers }
    case '201': {
      const body = postResponse({ location, bucket, key: object.key, etag })
      return { status: 201, headers: { 'content-type': 'application/xml', ...headers }, body }
    }
    default:
      return { status: 204, headers }
  }
}

/** Null when there is none, or none to the web: S3 takes what is no URL for absent. */
function redirectOf(
  fields: FormFields,
  { bucket, key, etag }: { readonly bucket: string; readonly key: string; readonly etag: string },
): string | null {
  const wanted = fields.get('success_action_redirect') ?? fields.get('redirect')
  if (wanted === undefined || !URL.canParse(wanted)) return null
  const url = new URL(wanted)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null
  for (const [name, value] of Object.entries({ bucket, key, etag })) {
    url.search += `${url.search === '' ? '' : '&'}${name}=${encodeURIComponent(value)}`
  }
  return url.href
}
