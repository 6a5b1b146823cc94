/**
 * One HTTP exchange with every byte under the test's hand: method, target, headers, signature and
 * body are sent as given, through `node:http` but without anything it would add.
 */
import { type Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import type { Endpoint } from './server-process.ts'
import {
  amzDate,
  type Credentials,
  presignQuery,
  type SeedSignature,
  type SignableRequest,
  type SigningScope,
  sha256Hex,
  signHeaders,
} from './sigv4.ts'

export type HeaderList = readonly (readonly [name: string, value: string])[]

export interface WireRequest {
  readonly method: string
  /** Percent-encoded path. */
  readonly path: string
  /** Percent-encoded query without the question mark. */
  readonly query?: string
  /** Sent, and signed when the request is. */
  readonly headers?: Readonly<Record<string, string>> | HeaderList
  /** Sent but left out of the signature. */
  readonly unsignedHeaders?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** 'header' unless given; 'query' presigns. */
  readonly auth?: 'header' | 'query' | 'none'
  /** x-amz-content-sha256; the body's hash unless given. Null leaves the header out. */
  readonly payloadHash?: string | null
  readonly signing?: Partial<SigningOverrides>
  /** Seconds a presigned request lives. */
  readonly expires?: number | string
  /** Changes the finished signature. */
  readonly tamper?: (signature: string) => string
}

export interface SigningOverrides {
  readonly credentials: Credentials
  readonly region: string
  readonly service: string
  readonly time: Date
}

export interface WireReply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
  readonly text: string
  /** `Code` of an S3 error document, or null. */
  readonly code: string | null
  /** True when the server sent 100 Continue. */
  readonly wasContinued: boolean
}

/** A request that is ready to be sent. */
export interface PreparedRequest {
  readonly method: string
  readonly target: string
  readonly headers: readonly string[]
  readonly seed: SeedSignature | null
}

export class Wire {
  readonly endpoint: Endpoint
  readonly #agent: Agent | null

  /** Every request has a connection of its own, unless an agent keeps them. */
  constructor(endpoint: Endpoint, agent: Agent | null = null) {
    this.endpoint = endpoint
    this.#agent = agent
  }

  async send(request: WireRequest): Promise<WireReply> {
    return await exchange(this.endpoint, this.prepare(request), request.body, this.#agent)
  }

  /** Signs without sending. */
  prepare(request: WireRequest): PreparedRequest {
    const scope = this.#scope(request)
    const query = request.query ?? ''
    const headers = this.#headers(request, scope)
    const signable = { method: request.method, path: request.path, query, headers }
    const extra = Object.entries(request.unsignedHeaders ?? {})
    const length = bodyLength(request, [...headers, ...extra])
    if (request.auth === 'query') {
      const text = presignQuery(signable, scope, request.expires ?? 900)
      const target = `${request.path}?${tampered(text, request.tamper)}`
      return prepared(request.method, target, [...headers, ...extra, ...length])
    }
    const target = query === '' ? request.path : `${request.path}?${query}`
    if (request.auth === 'none') {
      return prepared(request.method, target, [...headers, ...extra, ...length])
    }
    const signed = signHeaders(signable, scope, payloadHash(request) ?? sha256Hex(''))
    const authorization = tampered(signed.authorization, request.tamper)
    const all = [...headers, ...extra, ...length, ['authorization', authorization] as const]
    const seed = { signature: signed.signature, scope }
    return { ...prepared(request.method, target, all), seed }
  }

  /** A presigned URL, for clients that only take one. */
  presign(request: Omit<WireRequest, 'auth'>): string {
    return this.endpoint.url + this.prepare({ ...request, auth: 'query' }).target
  }

  #scope(request: WireRequest): SigningScope {
    const { credentials, region } = this.endpoint
    return { credentials, region, service: 's3', time: new Date(), ...request.signing }
  }

  #headers(request: WireRequest, scope: SigningScope): SignableRequest['headers'] {
    const given = headerList(request.headers)
    const has = (name: string) => given.some(([other]) => other.toLowerCase() === name)
    const headers: (readonly [string, string])[] = []
    if (!has('host')) headers.push(['host', `${this.endpoint.host}:${this.endpoint.port}`])
    const hash = payloadHash(request)
    if ((request.auth ?? 'header') === 'header') {
      if (!has('x-amz-date')) headers.push(['x-amz-date', amzDate(scope.time)])
      if (hash !== null && !has('x-amz-content-sha256')) {
        headers.push(['x-amz-content-sha256', hash])
      }
    }
    return [...headers, ...given]
  }
}

/** Sends a prepared request; `body` may also be written piece by piece by a function. */
export async function exchange(
  endpoint: Endpoint,
  request: PreparedRequest,
  body?: string | Uint8Array,
  agent: Agent | null = null,
): Promise<WireReply> {
  return await new Promise((resolve, reject) => {
    let wasContinued = false
    const outgoing = httpRequest({
      host: endpoint.host,
      port: endpoint.port,
      method: request.method,
      path: request.target,
      headers: [...request.headers],
      agent: agent ?? false,
    })
    outgoing.on('continue', () => {
      wasContinued = true
      outgoing.end(body)
    })
    outgoing.on('error', reject)
    outgoing.on('response', (incoming) => {
      const pieces: Buffer[] = []
      incoming.on('data', (piece: Buffer) => pieces.push(piece))
      incoming.on('error', reject)
      incoming.on('end', () => {
        if (agent === null) outgoing.destroy()
        const bytes = Buffer.concat(pieces)
        const text = bytes.toString()
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          rawHeaders: incoming.rawHeaders,
          body: bytes,
          text,
          code: /<Code>([^<]*)<\/Code>/.exec(text)?.[1] ?? null,
          wasContinued,
        })
      })
    })
    const index = request.headers.findIndex((item, at) => at % 2 === 0 && item === 'expect')
    if (index === -1) outgoing.end(body)
    else outgoing.flushHeaders()
  })
}

function prepared(method: string, target: string, headers: HeaderList): PreparedRequest {
  return { method, target, headers: headers.flat(), seed: null }
}

function headerList(headers: WireRequest['headers']): HeaderList {
  if (headers === undefined) return []
  return Array.isArray(headers) ? (headers as HeaderList) : Object.entries(headers)
}

function payloadHash(request: WireRequest): string | null {
  if (request.payloadHash !== undefined) return request.payloadHash
  return sha256Hex(request.body ?? '')
}

/** A Content-Length, unless the caller speaks about the length or the method carries no body. */
function bodyLength(request: WireRequest, headers: HeaderList): HeaderList {
  const isSaid = headers.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name))
  if (isSaid) return []
  if (request.body === undefined && !['PUT', 'POST'].includes(request.method)) return []
  return [['content-length', String(Buffer.byteLength(request.body ?? ''))]]
}

function tampered(text: string, tamper: WireRequest['tamper']): string {
  if (tamper === undefined) return text
  return text.replace(/(Signature=)([0-9a-f]+)$/, (_, name: string, value: string) => {
    return name + tamper(value)
  })
}
