import { S3Error } from '../errors.ts'

export interface RequestTarget {
  /** Starts with a slash; escapes as sent. */
  readonly rawPath: string
  /** Without the question mark; '' when there is none. */
  readonly rawQuery: string
  /** The authority of an absolute-form target, which overrides Host (RFC 9112 §3.2.2); or null. */
  readonly authority: string | null
}

/**
 * Splits the target of a request line, `req.url`, without decoding anything.
 *
 * @throws S3Error `InvalidURI` for what is neither origin-form nor absolute-form http
 */
export function parseRequestTarget(target: string): RequestTarget {
  let authority: string | null = null
  let rest = target
  const absolute = ABSOLUTE_FORM.exec(target)
  if (absolute !== null) {
    authority = absolute[1]!
    rest = target.slice(absolute[0].length)
    if (!rest.startsWith('/')) rest = `/${rest}`
  }
  if (!rest.startsWith('/')) throw new S3Error('InvalidURI')
  const hash = rest.indexOf('#')
  if (hash >= 0) throw new S3Error('InvalidURI')
  const question = rest.indexOf('?')
  return {
    rawPath: question < 0 ? rest : rest.slice(0, question),
    rawQuery: question < 0 ? '' : rest.slice(question + 1),
    authority,
  }
}

const ABSOLUTE_FORM = /^https?:\/\/([^/?#]+)/i
