import { S3Error } from '../errors.ts'
import type { RequestHeaders } from '../request.ts'

/**
 * Request headers from Node's `rawHeaders` (name, value, name, value …): nothing joined, nothing
 * dropped, which `req.headers` does not promise.
 */
export function parseHeaders(rawHeaders: readonly string[]): RequestHeaders {
  return new ParsedHeaders(rawHeaders)
}

/**
 * Refuses a request that repeats a header which can have only one meaning: two readers of it, such
 * as a proxy and this server, might each believe another one.
 *
 * @throws S3Error `InvalidRequest` naming the header
 */
export function refuseRepeatedHeaders(headers: RequestHeaders): void {
  if (!headers.hasRepeated) return
  for (const name of SINGLE_VALUE_HEADERS) {
    if (headers.all(name).length > 1) {
      throw new S3Error(
        'InvalidRequest',
        { HeaderName: name },
        { message: `The header '${name}' may be sent only once.`, close: true },
      )
    }
  }
}

const SINGLE_VALUE_HEADERS = [
  'authorization',
  'content-length',
  'content-md5',
  'content-type',
  'date',
  'expect',
  'host',
  'if-modified-since',
  'if-unmodified-since',
  'range',
  'transfer-encoding',
  'x-amz-acl',
  'x-amz-checksum-algorithm',
  'x-amz-checksum-type',
  'x-amz-content-sha256',
  'x-amz-copy-source',
  'x-amz-copy-source-range',
  'x-amz-date',
  'x-amz-decoded-content-length',
  'x-amz-expected-bucket-owner',
  'x-amz-grant-full-control',
  'x-amz-grant-read',
  'x-amz-grant-read-acp',
  'x-amz-grant-write',
  'x-amz-grant-write-acp',
  'x-amz-metadata-directive',
  'x-amz-object-ownership',
  'x-amz-sdk-checksum-algorithm',
  'x-amz-security-token',
  'x-amz-source-expected-bucket-owner',
  'x-amz-storage-class',
  'x-amz-tagging',
  'x-amz-tagging-directive',
  'x-amz-trailer',
] as const

class ParsedHeaders implements RequestHeaders {
  readonly #pairs: (readonly [name: string, value: string])[] = []
  /** Most are sent once: a list only where there are several. */
  readonly #values = new Map<string, string | string[]>()
  readonly hasRepeated: boolean

  constructor(rawHeaders: readonly string[]) {
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
      const name = rawHeaders[index]!.toLowerCase()
      const value = rawHeaders[index + 1]!
      this.#pairs.push([name, value])
      const known = this.#values.get(name)
      if (known === undefined) this.#values.set(name, value)
      else if (typeof known === 'string') this.#values.set(name, [known, value])
      else known.push(value)
    }
    this.hasRepeated = this.#values.size < this.#pairs.length
  }

  get(name: string): string | null {
    const known = this.#values.get(name)
    if (known === undefined) return null
    return typeof known === 'string' ? known : (known[0] ?? null)
  }

  all(name: string): readonly string[] {
    const known = this.#values.get(name)
    if (known === undefined) return NONE
    return typeof known === 'string' ? [known] : known
  }

  entries(): Iterable<readonly [name: string, value: string]> {
    return this.#pairs
  }
}

const NONE: readonly string[] = []
