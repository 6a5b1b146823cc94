/**
 * Keys inside the catalog's maps and trees are latin1 strings: one code unit per byte, so that
 * comparing two of them compares their bytes, and a Map can hash them.
 */
export function keyText(key: Uint8Array): string {
  return asBuffer(key).toString('latin1')
}

export function keyBytes(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

/** The least key above `text`, so that a walk can go on after it. */
export function keyAfter(text: string): string {
  return `${text}\0`
}

/** The same bytes as a Buffer, not a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
