import type { S3Request } from '../request.ts'
import { decodePercent, encodePath, encodePercent } from '../wire/percent.ts'

export interface CanonicalRequestParts {
  readonly request: S3Request
  /** As sent: names, order and all. */
  readonly signedHeaders: readonly string[]
  /** What stands for the body: x-amz-content-sha256 as sent. */
  readonly payloadHash: string
}

/**
 * The text that a Signature Version 4 signature covers (AWS API Reference, "Signature Calculations
 * for the Authorization Header"). One character is one byte: hash it as latin1.
 *
 * Path and query are decoded and escaped again the one right way, as S3 does, so that clients which
 * escape too much or too little still agree with us; header values are taken as the bytes sent.
 */
export function canonicalRequest(parts: CanonicalRequestParts): string {
  const { request, signedHeaders } = parts
  let text = `${request.method}\n${encodePath(decodePercent(request.rawPath))}\n`
  text += `${canonicalQuery(request)}\n`
  for (const name of signedHeaders) text += `${name}:${canonicalValue(request, name)}\n`
  return `${text}\n${signedHeaders.join(';')}\n${parts.payloadHash}`
}

/** Of all parameters but the signature itself, sorted by name, then by value, both escaped. */
function canonicalQuery(request: S3Request): string {
  if (request.rawQuery === '') return ''
  const pairs: { readonly name: string; readonly value: string }[] = []
  for (const [name, value] of request.query.entries()) {
    if (name === 'X-Amz-Signature') continue
    pairs.push({ name: encodePercent(name), value: encodePercent(value) })
  }
  pairs.sort((a, b) => compare(a.name, b.name) || compare(a.value, b.value))
  return pairs.map(({ name, value }) => `${name}=${value}`).join('&')
}

/** Escaped text is ASCII, so that code units sort as bytes. */
function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function canonicalValue(request: S3Request, name: string): string {
  const values = request.headers.all(name)
  if (values.length === 1) return fold(values[0]!)
  return values.map(fold).join(',')
}

/**
 * Trims, and makes one space of several. Only ASCII blanks count: String.trim and \s also match
 * 0xa0, which here is the second half of letters such as 'à'.
 */
function fold(value: string): string {
  if (!BLANKS_TO_FOLD.test(value)) return value
  return value.replace(/[ \t]+/g, ' ').replace(/^ | $/g, '')
}

const BLANKS_TO_FOLD = /^[ \t]|[ \t]$|\t| {2}/
