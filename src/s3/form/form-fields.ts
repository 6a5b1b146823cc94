/** The fields of a form upload, as the headers of a PutObject would say the same. */
import type { Tags } from '../../store/object-store.ts'
import { S3Error } from '../errors.ts'
import type { RequestHeaders } from '../request.ts'
import { parseHeaders } from '../wire/headers.ts'
import { checkTags } from '../wire/tags.ts'
import { readTagging } from '../xml/tagging.ts'

export type FormFields = ReadonlyMap<string, string>

/** Fields that mean the same as a header of PutObject, by name. */
const HEADERS: ReadonlyMap<string, string> = new Map([
  ['acl', 'x-amz-acl'],
  ['cache-control', 'cache-control'],
  ['content-disposition', 'content-disposition'],
  ['content-encoding', 'content-encoding'],
  ['content-language', 'content-language'],
  ['content-type', 'content-type'],
  ['expires', 'expires'],
  ['x-amz-checksum-algorithm', 'x-amz-sdk-checksum-algorithm'],
])
/** Of which any may follow. */
const HEADER_PREFIXES = [
  'x-amz-checksum-',
  'x-amz-meta-',
  'x-amz-object-lock-',
  'x-amz-server-side-encryption',
  'x-amz-storage-class',
  'x-amz-website-redirect-location',
]
/** Fields that speak of the form itself. */
const OWN = new Set([
  'bucket',
  'key',
  'policy',
  'redirect',
  'success_action_redirect',
  'success_action_status',
  'tagging',
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-security-token',
  'x-amz-signature',
])

/** What the form says of the object, but for its key and its tags. */
export function headersOfForm(fields: FormFields): RequestHeaders {
  const raw: string[] = []
  for (const [name, value] of fields) {
    const header = headerOf(name)
    // On the wire a header is bytes, one to a character; so is what is stored of it.
    if (header !== null) raw.push(header, Buffer.from(value).toString('latin1'))
  }
  return parseHeaders(raw)
}

/**
 * What is not known would be lost without a word, and who sent it would believe that it acted.
 *
 * @throws S3Error `InvalidArgument`
 */
export function refuseUnknownFields(fields: FormFields, listed: (name: string) => boolean): void {
  for (const name of fields.keys()) {
    const isKnown = OWN.has(name) || headerOf(name) !== null || name.startsWith('x-ignore-')
    if (isKnown || listed(name)) continue
    throw new S3Error(
      'InvalidArgument',
      { ArgumentName: name },
      { message: `The form has a field '${name}', which means nothing here.` },
    )
  }
}

/** An XML document, other than in the header. @throws S3Error `MalformedXML`, `InvalidTag` */
export function tagsOfForm(fields: FormFields): Tags {
  const text = fields.get('tagging')
  return text === undefined || text === '' ? [] : checkTags(readTagging(text))
}

function headerOf(name: string): string | null {
  const header = HEADERS.get(name)
  if (header !== undefined) return header
  return HEADER_PREFIXES.some((prefix) => name.startsWith(prefix)) ? name : null
}
