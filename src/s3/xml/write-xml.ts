/**
 * A small writer for S3's answers: documents are strings put together from elements, so one file
 * per document reads like the document itself. Everything that is text passes `escapeXml`.
 */

/** How every document begins. */
export const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/'

/** Text, numbers and flags are written; null and undefined leave the element out. */
export type XmlValue = string | number | boolean | null | undefined

/** A whole document in S3's namespace. */
export function xmlDocument(root: string, children: readonly string[]): string {
  return `${DECLARATION}<${root} xmlns="${NAMESPACE}">${children.join('')}</${root}>`
}

/** A whole document without a namespace, as errors are. */
export function plainDocument(root: string, children: readonly string[]): string {
  return `${DECLARATION}<${root}>${children.join('')}</${root}>`
}

/** The document for a place where the declaration was written already. */
export function withoutDeclaration(document: string): string {
  return document.startsWith(DECLARATION) ? document.slice(DECLARATION.length) : document
}

/** One element with text in it; '' when there is no value. */
export function element(name: string, value: XmlValue): string {
  if (value === null || value === undefined) return ''
  const text = typeof value === 'string' ? escapeXml(value) : String(value)
  return `<${name}>${text}</${name}>`
}

/** One element with elements in it. */
export function parent(name: string, children: readonly string[]): string {
  return `<${name}>${children.join('')}</${name}>`
}

// Tab, newline and carriage return are legal, but a parser turns a bare CR into a newline.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are just what must not go out raw.
const SPECIAL = /[&<>"\u0000-\u0008\u000b-\u001f\ufffe\uffff]/
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
const EACH_SPECIAL = /[&<>"\u0000-\u0008\u000b-\u001f\ufffe\uffff]/g

/** Characters XML 1.0 forbids become numeric references, as S3 writes them. */
export function escapeXml(text: string): string {
  return SPECIAL.test(text) ? text.replace(EACH_SPECIAL, reference) : text
}

function reference(character: string): string {
  switch (character) {
    case '&':
      return '&amp;'
    case '<':
      return '&lt;'
    case '>':
      return '&gt;'
    case '"':
      return '&quot;'
    case '\r':
      return '&#13;'
    default:
      return `&#x${character.charCodeAt(0).toString(16)};`
  }
}

/** Seconds are S3's resolution everywhere; the milliseconds it writes are always zero. */
export function xmlTime(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000) * 1000
  return new Date(seconds).toISOString()
}
