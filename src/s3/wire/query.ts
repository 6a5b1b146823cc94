import type { QueryParameters } from '../request.ts'
import { decodePercent } from './percent.ts'

/**
 * Splits and decodes the query of a request target, once.
 *
 * @param rawQuery as sent, without the question mark
 * @throws S3Error `InvalidURI` as `decodePercent` does
 */
export function parseQuery(rawQuery: string): QueryParameters {
  return rawQuery === '' ? empty : new ParsedQuery(rawQuery)
}

class ParsedQuery implements QueryParameters {
  readonly #pairs: (readonly [name: string, value: string])[] = []
  readonly #first = new Map<string, string>()

  constructor(rawQuery: string) {
    for (const piece of rawQuery.split('&')) {
      if (piece === '') continue
      const equals = piece.indexOf('=')
      const name = decodePercent(equals < 0 ? piece : piece.slice(0, equals))
      const value = equals < 0 ? '' : decodePercent(piece.slice(equals + 1))
      this.#pairs.push([name, value])
      if (!this.#first.has(name)) this.#first.set(name, value)
    }
  }

  has(name: string): boolean {
    return this.#first.has(name)
  }

  get(name: string): string | null {
    return this.#first.get(name) ?? null
  }

  entries(): Iterable<readonly [name: string, value: string]> {
    return this.#pairs
  }
}

/** Of most requests. */
const empty = new ParsedQuery('')
