/** What decoders give, as JSON can say it: bytes in hexadecimal digits, places as two numbers. */
export type Plain = string | number | boolean | null | readonly Plain[] | PlainFields
export interface PlainFields {
  readonly [name: string]: Plain
}

/** A thing that lies on disk: what it is, where, and what it says. */
export interface Item {
  readonly what: string
  /** Offset in its file, in bytes; null for what has none. */
  readonly offset: number | null
  readonly fields: PlainFields
  /** Why it does not verify; null when it does. */
  readonly damage: string | null
}

export function plain(value: unknown): Plain {
  if (value === null || value === undefined) return null
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (value instanceof Map) return plainFields(Object.fromEntries(value))
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object') return String(value)
  const place = placeText(value)
  return place ?? plainFields(value)
}

export function plainFields(value: object): PlainFields {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .map(([name, field]) => [name, plain(field)]),
  )
}

/** `segment:offset`, as every page about the format writes a place. */
function placeText(value: object): string | null {
  const names = Object.keys(value)
  if (names.length !== 2 || !('segment' in value) || !('offset' in value)) return null
  return `${String(value.segment)}:${String(value.offset)}`
}
