import { S3Error } from '../errors.ts'

export interface Trailer {
  /** Of the one header that x-amz-trailer announced; null when none was. */
  readonly value: string | null
  /** x-amz-trailer-signature; null when there is none. */
  readonly signature: string | null
  /** What that signature covers. */
  readonly canonical: string
}

/**
 * Reads what follows the last chunk of an aws-chunked body: `name:value` lines, of which nothing
 * unannounced, repeated or missing is accepted.
 *
 * Blank lines mean nothing, wherever they stand: the example in AWS's documentation, and with it
 * some clients, end the header's line with `\n\r\n`.
 *
 * @param name lower-case, as announced by x-amz-trailer; null when nothing was
 * @throws S3Error `MalformedTrailerError`
 */
export function parseTrailer(text: string, name: string | null): Trailer {
  // A line without its end may have lost more than that.
  if (text !== '' && !text.endsWith('\n')) throw malformedTrailer()
  let value: string | null = null
  let signature: string | null = null
  for (const line of text.split('\n')) {
    const content = line.endsWith('\r') ? line.slice(0, -1) : line
    if (content === '') continue
    const colon = content.indexOf(':')
    const field = content.slice(0, Math.max(colon, 0)).toLowerCase()
    const given = content.slice(colon + 1).trim()
    if (field === SIGNATURE_FIELD && signature === null) signature = given
    else if (field !== '' && field === name && value === null && signature === null) value = given
    else throw malformedTrailer()
  }
  if (name !== null && value === null) throw malformedTrailer()
  return { value, signature, canonical: value === null ? '' : `${name}:${value}\n` }
}

const SIGNATURE_FIELD = 'x-amz-trailer-signature'

function malformedTrailer(): S3Error {
  return new S3Error('MalformedTrailerError', {}, { close: true })
}
