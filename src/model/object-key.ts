import type { Brand } from '../base/brand.ts'

/** An object key: 1 to 1024 bytes of UTF-8, opaque. Made only by `parseObjectKey`. */
export type ObjectKey = Brand<string, 'ObjectKey'>

/** AWS S3 User Guide, "Object key naming guidelines". */
export const KEY_SIZE_MAX = 1024

/** Null when the key is empty, too long in UTF-8, or not well-formed Unicode. */
export function parseObjectKey(text: string): ObjectKey | null {
  if (text.length === 0 || Buffer.byteLength(text) > KEY_SIZE_MAX) return null
  return text.isWellFormed() ? (text as ObjectKey) : null
}
