import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Dispatched, Dispatcher } from '../s3/dispatch.ts'
import { S3Error } from '../s3/errors.ts'
import type { RequestListener } from '../s3/events.ts'
import type { Connections } from './connection.ts'
import { HttpRequest } from './http-request.ts'
import { Admission, type HttpLimits, type RequestKind } from './limits.ts'
import { RequestBody } from './request-body.ts'
import { RequestIds } from './request-id.ts'
import { type Sent, sendReply } from './send-reply.ts'

/** An unread body of at most this size is read away so that the connection can be kept. */
const SKIP_SIZE_MAX = 64 * 1024
/** How long and how much of an unwanted body is read before the connection is closed on it. */
const LINGER_MS = 2_000
const LINGER_SIZE_MAX = 16 * 1024 * 1024

const FORM_TYPE = /^\s*multipart\/form-data/i

type Refusal = 'SlowDown' | 'RequestHeaderSectionTooLarge' | 'BadRequest'

export interface S3EndpointOptions {
  readonly connections: Connections
  readonly dispatcher: Dispatcher
  readonly limits: HttpLimits
  readonly onRequest: RequestListener
  /** True when connections should be closed as their requests end. */
  readonly isDraining: () => boolean
}

/** HTTP in, HTTP out: hands each request to the dispatcher and its reply to the socket. */
export class S3Endpoint {
  readonly #options: S3EndpointOptions
  readonly #admission: Admission
  readonly #ids = new RequestIds()

  constructor(options: S3EndpointOptions) {
    this.#options = options
    this.#admission = new Admission(options.limits)
  }

  get admission(): Admission {
    return this.#admission
  }

  async serve(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean) {
    const startedAt = performance.now()
    const { limits } = this.#options
    const kind = kindOf(request)
    const body =
      kind === 'bodiless' ? null : new RequestBody(request, response, { limits, expectsContinue })
    const connection = this.#options.connections.of(request.socket)
    connection.body = body
    // It waited its turn when what came of it, or after it, was refused.
    if (connection.isBroken) body?.hangUp(null)
    const raw = new HttpRequest(this.#ids.next(), request, { body, connection })
    let isAdmitted = this.#admission.enter(kind)
    const leave = () => {
      if (isAdmitted) this.#admission.leave(kind)
      isAdmitted = false
    }
    const closed = whenClosed(response)
    const dispatched = isAdmitted
      ? await this.#dispatch(raw, request)
      : this.#refuse(raw, 'SlowDown')
    let sent: Sent = { size: 0, isCut: true }
    let failure: S3Error | null = null
    try {
      sent = await this.#send(raw, response, { dispatched, body, request, leave })
    } catch (cause) {
      // Too late for another status: the connection is broken already. Only the log can tell why.
      failure = new S3Error('InternalError', {}, { cause })
    }
    leave()
    await closed
    this.#report(raw, response, { dispatched, body, sent, startedAt, failure })
  }

  #dispatch(raw: HttpRequest, request: IncomingMessage): Promise<Dispatched> {
    // Node drops what is beyond its limit: a request at the limit may have lost a header.
    if (request.rawHeaders.length >= 2 * this.#options.limits.headersCountMax) {
      return Promise.resolve(this.#refuse(raw, 'RequestHeaderSectionTooLarge'))
    }
    // RFC 9112 §3.2.2 lets the target override Host; the signature covers Host, so they must agree.
    if (raw.authority !== null && raw.authority !== raw.headers.get('host')) {
      return Promise.resolve(this.#refuse(raw, 'BadRequest'))
    }
    return this.#options.dispatcher.dispatch(raw)
  }

  #refuse(raw: HttpRequest, code: Refusal): Dispatched {
    const headers = code === 'SlowDown' ? { 'retry-after': '1' } : {}
    return this.#options.dispatcher.refuse(raw, new S3Error(code, {}, { headers }))
  }

  async #send(
    raw: HttpRequest,
    response: ServerResponse,
    context: {
      readonly dispatched: Dispatched
      readonly body: RequestBody | null
      readonly request: IncomingMessage
      /** Gives its place up to others. */
      readonly leave: () => void
    },
  ): Promise<Sent> {
    const { dispatched, body, request, leave } = context
    const { reply } = dispatched
    const isUnread = body !== null && !request.complete
    const mustClose =
      isUnread &&
      (body.isUnsent || reply.close === true || remaining(request, body) > SKIP_SIZE_MAX)
    body?.discard()
    const sent = await sendReply(response, reply, {
      isHead: raw.method === 'HEAD',
      close: mustClose || reply.close === true || this.#options.isDraining(),
      idleTimeoutMs: this.#options.limits.replyIdleTimeoutMs,
      // Closing on unread bytes makes the kernel reset the connection, and the reply is lost on
      // its way: so the reply is written whole, and the connection closed a little later. Whoever
      // sends what is not wanted keeps nobody out meanwhile.
      ...(mustClose && {
        beforeEnd() {
          leave()
          return linger(request)
        },
      }),
    })
    if (isUnread && !request.complete) request.resume()
    return sent
  }

  #report(
    raw: HttpRequest,
    response: ServerResponse,
    result: {
      readonly dispatched: Dispatched
      readonly body: RequestBody | null
      readonly sent: Sent
      readonly startedAt: number
      readonly failure: S3Error | null
    },
  ): void {
    const { dispatched } = result
    const error = result.failure ?? dispatched.error
    this.#options.onRequest({
      requestId: raw.id,
      operation: dispatched.operation,
      method: raw.method,
      rawPath: raw.rawPath,
      bucket: dispatched.bucket,
      key: dispatched.key,
      principal: dispatched.principal,
      status: response.headersSent ? response.statusCode : 0,
      errorCode: error?.code ?? null,
      cause: error?.cause ?? null,
      remoteAddress: raw.remoteAddress,
      userAgent: raw.headers.get('user-agent'),
      bytesReceived: result.body?.bytes ?? 0,
      bytesSent: result.sent.size,
      durationMs: performance.now() - result.startedAt,
      isComplete: response.writableFinished && !result.sent.isCut,
    })
  }
}

function kindOf({ headers, method }: IncomingMessage): RequestKind {
  const length = headers['content-length']
  if (headers['transfer-encoding'] === undefined && (length ?? '0') === '0') return 'bodiless'
  return method === 'POST' && FORM_TYPE.test(headers['content-type'] ?? '') ? 'form' : 'body'
}

function remaining(request: IncomingMessage, body: RequestBody): number {
  const length = request.headers['content-length']
  return length === undefined ? Number.POSITIVE_INFINITY : Number(length) - body.bytes
}

function whenClosed(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once('close', resolve)
  })
}

/** Reads an unwanted body away until its end, the client's close, or the limits above. */
function linger(request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed || request.socket.readableEnded) {
    return Promise.resolve()
  }
  return new Promise((resolve) => {
    let size = 0
    const done = () => {
      clearTimeout(timer)
      request.off('data', count)
      resolve()
    }
    const count = (chunk: Buffer) => {
      size += chunk.length
      if (size > LINGER_SIZE_MAX) done()
    }
    const timer = setTimeout(done, LINGER_MS)
    request.on('data', count)
    request.once('end', done)
    request.once('close', done)
    request.resume()
  })
}
