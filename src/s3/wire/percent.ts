import { isUtf8 } from 'node:buffer'
import { S3Error } from '../errors.ts'

/**
 * Percent-decoding of a path or query as it came from the socket, strictly and exactly once.
 *
 * Every character stands for one byte: Node hands the request target over as latin1, so bytes that
 * a client did not escape decode to the same text as their escapes. '+' is a plus sign.
 *
 * @throws S3Error `InvalidURI` for a broken escape, for bytes that are not well-formed UTF-8
 *   (overlong forms and surrogates included), and for characters beyond one byte
 */
export function decodePercent(text: string): string {
  if (isPlainAscii(text)) return text
  const bytes = Buffer.allocUnsafe(text.length)
  let size = 0
  for (let index = 0; index < text.length; index++) {
    let byte = text.charCodeAt(index)
    if (byte > 0xff) throw new S3Error('InvalidURI')
    if (byte === PERCENT) {
      byte = hexValue(text.charCodeAt(index + 1)) * 16 + hexValue(text.charCodeAt(index + 2))
      index += 2
    }
    bytes[size++] = byte
  }
  const decoded = bytes.subarray(0, size)
  if (!isUtf8(decoded)) throw new S3Error('InvalidURI')
  return decoded.toString()
}

/**
 * Percent-encodes the UTF-8 of `text` as Signature Version 4 and `encoding-type=url` want it: only
 * RFC 3986 unreserved characters stay, escapes are upper-case.
 */
export function encodePercent(text: string): string {
  if (UNRESERVED.test(text)) return text
  return encodeURIComponent(text).replace(/[!'()*]/g, escapeCharacter)
}

/** As `encodePercent`, but slashes stay: for the path of a URL. */
export function encodePath(text: string): string {
  if (UNRESERVED_OR_SLASH.test(text)) return text
  return encodePercent(text).replaceAll('%2F', '/')
}

const PERCENT = 0x25
const UNRESERVED = /^[A-Za-z0-9._~-]*$/
const UNRESERVED_OR_SLASH = /^[A-Za-z0-9._~/-]*$/

function isPlainAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === PERCENT || code > 0x7f) return false
  }
  return true
}

/** Refuses NaN too, which is what charCodeAt gives behind the end of the text. */
function hexValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  if (code >= 0x41 && code <= 0x46) return code - 0x37
  if (code >= 0x61 && code <= 0x66) return code - 0x57
  throw new S3Error('InvalidURI')
}

function escapeCharacter(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}
