import { expect } from 'vitest'
import { type VerifyOptions, verifyRequest } from '../../../src/s3/auth/verify.ts'
import { S3Error } from '../../../src/s3/errors.ts'
import { options } from './aws-examples.ts'
import { type RequestParts, s3Request } from './s3-request.ts'
import type { Unsigned } from './sign.ts'

/** A request with something of everything. */
export const PUT: Unsigned = {
  method: 'PUT',
  path: '/bucket/some/key',
  query: { partNumber: '1', uploadId: 'abc' },
  headers: {
    'content-type': 'text/plain',
    'x-amz-meta-color': 'blue',
    'x-amz-storage-class': 'STANDARD',
  },
}

/** How the request is refused; being let in is a failure. */
export function refusal(parts: RequestParts, change: Partial<VerifyOptions> = {}): S3Error {
  try {
    verifyRequest(s3Request(parts), { ...options, ...change })
  } catch (error) {
    if (error instanceof S3Error) return error
    throw error
  }
  throw new Error('the request was let in')
}

/** The same request with one header replaced, added, or with null taken away. */
export function withHeader(parts: RequestParts, name: string, value: string | null): RequestParts {
  const others = parts.headers.filter(([header]) => header !== name)
  return { ...parts, headers: value === null ? others : [...others, [name, value]] }
}

export function authorization(parts: RequestParts): string {
  return parts.headers.find(([name]) => name === 'authorization')?.[1] ?? ''
}

export function reauthorised(parts: RequestParts, from: string | RegExp, to: string): RequestParts {
  const changed = authorization(parts).replace(from, to)
  expect(changed).not.toBe(authorization(parts))
  return withHeader(parts, 'authorization', changed)
}

export function flip(text: string, index: number): string {
  const character = text[index] === '0' ? '1' : '0'
  return text.slice(0, index) + character + text.slice(index + 1)
}
