/** Signs requests with the AWS SDK's own signer, which shares nothing with ours. */
import { createHash, createHmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import type { HttpRequest } from '@smithy/types'
import { ACCESS_KEY, NOW, SECRET_KEY } from './aws-examples.ts'
import type { RequestParts } from './s3-request.ts'

export interface Unsigned {
  readonly method: string
  /** Escaped path. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
}

export interface SignOptions {
  readonly accessKey?: string
  readonly secretKey?: string
  readonly region?: string
  readonly service?: string
  readonly time?: number
  readonly expiresIn?: number
}

export const HOST = 's3.example.org:9000'

/** Signed in the Authorization header. Without x-amz-content-sha256: UNSIGNED-PAYLOAD. */
export async function signed(unsigned: Unsigned, options: SignOptions = {}): Promise<RequestParts> {
  const headers = {
    host: HOST,
    'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
    ...unsigned.headers,
  }
  const time = options.time ?? NOW
  const request = await signer(options).sign(smithyRequest({ ...unsigned, headers }), {
    signingDate: new Date(time),
  })
  return toParts(request)
}

/** Signed in the query. */
export async function presigned(
  unsigned: Unsigned,
  options: SignOptions = {},
): Promise<RequestParts> {
  const payload = { 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD' }
  const headers = { host: HOST, ...payload, ...unsigned.headers }
  const request = await signer(options).presign(smithyRequest({ ...unsigned, headers }), {
    signingDate: new Date(options.time ?? NOW),
    expiresIn: options.expiresIn ?? 900,
  })
  return toParts(request)
}

/** The seed signature of a request made by `signed`. */
export function signatureOf(parts: RequestParts): string {
  const header = parts.headers.find(([name]) => name === 'authorization')
  return /Signature=([0-9a-f]{64})/.exec(header?.[1] ?? '')?.[1] ?? ''
}

export interface Frames {
  readonly seed: string
  /** The last one is usually empty. */
  readonly chunks: readonly Uint8Array[]
  /** `name:value` lines that follow, or null for none. */
  readonly trailer?: string | null
}

/** Frames chunks and signs them in a chain that starts at `seed`. */
export function signedFrames({ seed, chunks, trailer = null }: Frames): Buffer {
  const frames: Uint8Array[] = []
  let previous = seed
  for (const chunk of chunks) {
    const text = ['AWS4-HMAC-SHA256-PAYLOAD', TIMESTAMP, SCOPE, previous, sha256(''), sha256(chunk)]
    previous = hmac(signingKey(), text.join('\n')).toString('hex')
    frames.push(Buffer.from(`${chunk.length.toString(16)};chunk-signature=${previous}\r\n`))
    frames.push(chunk)
    if (chunk.length > 0) frames.push(Buffer.from('\r\n'))
  }
  if (trailer !== null) {
    const text = ['AWS4-HMAC-SHA256-TRAILER', TIMESTAMP, SCOPE, previous, sha256(`${trailer}\n`)]
    const signature = hmac(signingKey(), text.join('\n')).toString('hex')
    frames.push(Buffer.from(`${trailer}\r\nx-amz-trailer-signature:${signature}\r\n`))
  }
  frames.push(Buffer.from('\r\n'))
  return Buffer.concat(frames)
}

/** Frames chunks without signatures. */
export function unsignedFrames(chunks: readonly Uint8Array[], trailer: string): Buffer {
  const frames = chunks.flatMap((chunk) => [
    Buffer.from(`${chunk.length.toString(16)}\r\n`),
    chunk,
    Buffer.from(chunk.length > 0 ? '\r\n' : ''),
  ])
  return Buffer.concat([...frames, Buffer.from(`${trailer}\r\n\r\n`)])
}

export const TIMESTAMP = '20130524T000000Z'
export const SCOPE = '20130524/us-east-1/s3/aws4_request'

export function signingKey(): Buffer {
  let key: Buffer = Buffer.from(`AWS4${SECRET_KEY}`)
  for (const part of SCOPE.split('/')) key = hmac(key, part)
  return key
}

export function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

export function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex')
}

function signer(options: SignOptions): SignatureV4 {
  return new SignatureV4({
    service: options.service ?? 's3',
    region: options.region ?? 'us-east-1',
    credentials: {
      accessKeyId: options.accessKey ?? ACCESS_KEY,
      secretAccessKey: options.secretKey ?? SECRET_KEY,
    },
    sha256: Sha256,
    uriEscapePath: false,
  })
}

/** The hash as the signer wants it: a class, with a key for HMAC. */
class Sha256 {
  readonly #hash

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret))
  }

  update(data: Uint8Array | string): void {
    this.#hash.update(data)
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }

  reset(): void {
    throw new Error('not used by the signer')
  }
}

function bytesOf(secret: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof secret === 'string') return Buffer.from(secret)
  if (secret instanceof ArrayBuffer) return new Uint8Array(secret)
  return new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength)
}

function smithyRequest(unsigned: Unsigned): HttpRequest {
  const [hostname = '', port] = HOST.split(':')
  return {
    method: unsigned.method,
    protocol: 'http:',
    hostname,
    port: Number(port),
    path: unsigned.path,
    query: { ...unsigned.query },
    headers: { ...unsigned.headers },
  }
}

function toParts(request: HttpRequest): RequestParts {
  const query = Object.entries(request.query ?? {})
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`)
    .join('&')
  return {
    method: request.method,
    target: query === '' ? request.path : `${request.path}?${query}`,
    headers: Object.entries(request.headers),
  }
}
