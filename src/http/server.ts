import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Dispatcher } from '../s3/dispatch.ts'
import type { RequestListener } from '../s3/events.ts'
import { Connections } from './connection.ts'
import { refuseEarly } from './early-request.ts'
import { type HealthProbe, serveHealth } from './health-endpoint.ts'
import { HttpRequest } from './http-request.ts'
import { defaultHttpLimits, type HttpLimits } from './limits.ts'
import { type MetricsSource, serveMetrics } from './metrics-endpoint.ts'
import { QuietKoa } from './quiet-koa.ts'
import { RequestIds } from './request-id.ts'
import { S3Endpoint } from './s3-endpoint.ts'
import { type RefusalContext, refuseConnect, refuseSocket } from './socket-errors.ts'

const IDLE_SWEEP_MS = 50
/**
 * Connections that wait to be taken; the system may allow fewer. Beyond it the kernel forgets what
 * it has told the client, who is cut off when he has long sent his request.
 */
const BACKLOG = 4096

export interface HttpServerOptions {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** Not given: `/health` is answered at once, and S3 requests once `serve` was called. */
  readonly dispatcher?: Dispatcher
  readonly health: HealthProbe
  /** None: there is no such page. */
  readonly metrics?: MetricsSource
  /** Told once about every S3 request, when its connection is done with it. */
  readonly onRequest: RequestListener
  readonly limits?: Partial<HttpLimits>
}

/** Listens, and stops listening without breaking what is under way. */
export class HttpServer implements AsyncDisposable {
  readonly #server: Server
  readonly #onRequest: RequestListener
  #endpoint: S3Endpoint | null = null
  readonly #connections = new Connections()
  /** Of what does not reach the endpoint. */
  readonly #ids = new RequestIds()
  readonly #limits: HttpLimits
  #isDraining = false
  #closed: Promise<void> | null = null

  private constructor(options: HttpServerOptions) {
    this.#limits = { ...defaultHttpLimits, ...options.limits }
    this.#onRequest = options.onRequest
    if (options.dispatcher !== undefined) this.serve(options.dispatcher)
    this.#server = createServer({
      maxHeaderSize: this.#limits.headersSizeMax,
      headersTimeout: this.#limits.headersTimeoutMs,
      // A large upload may take hours: the body has its own idle and rate limits.
      requestTimeout: 0,
      keepAliveTimeout: this.#limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: Math.min(5_000, this.#limits.headersTimeoutMs),
      requireHostHeader: true,
      insecureHTTPParser: false,
      noDelay: true,
    })
    this.#server.maxHeadersCount = this.#limits.headersCountMax
    this.#server.maxConnections = this.#limits.connectionsMax
    const health = {
      notReady: () => (this.#isDraining ? 'draining' : options.health.notReady()),
      degraded: () => options.health.degraded?.() ?? [],
    }
    this.#route(health, options.metrics)
  }

  /** Resolves once connections are accepted. */
  static async open(options: HttpServerOptions): Promise<HttpServer> {
    const server = new HttpServer(options)
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject)
      const { host, port } = options
      server.#server.listen({ host, port, backlog: BACKLOG }, () => {
        server.#server.off('error', reject)
        resolve()
      })
    })
    return server
  }

  /** From now on S3 requests are answered. */
  serve(dispatcher: Dispatcher): void {
    this.#endpoint = new S3Endpoint({
      dispatcher,
      connections: this.#connections,
      limits: this.#limits,
      onRequest: this.#onRequest,
      isDraining: () => this.#isDraining,
    })
  }

  /** Where it listens, with the port really taken. */
  get address(): { readonly host: string; readonly port: number } {
    const { address, port } = this.#server.address() as AddressInfo
    return { host: address, port }
  }

  get requestsInProgress(): number {
    return this.#endpoint?.admission.requests ?? 0
  }

  /**
   * Stops accepting, lets what is under way finish, and resolves when every connection is gone:
   * true if all ended by themselves, false if some were cut off after `timeoutMs`.
   */
  async drain(timeoutMs: number): Promise<boolean> {
    this.#isDraining = true
    let isClean = true
    const closed = this.#stopListening()
    const sweep = setInterval(() => this.#connections.closeIdle(), IDLE_SWEEP_MS)
    const timer = setTimeout(() => {
      isClean = false
      this.#server.closeAllConnections()
    }, timeoutMs)
    try {
      await closed
    } finally {
      clearInterval(sweep)
      clearTimeout(timer)
    }
    return isClean
  }

  /** Cuts every connection off. */
  async close(): Promise<void> {
    this.#isDraining = true
    const closed = this.#stopListening()
    this.#server.closeAllConnections()
    await closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #stopListening(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#server.close(() => resolve())
    })
    return this.#closed
  }

  #route(health: HealthProbe, metrics: MetricsSource | undefined): void {
    const app = new QuietKoa()
    app.silent = true // Every failure is already an event; Koa's own report would be a second one.
    app.use((ctx) => {
      ctx.respond = false
      if (serveHealth(ctx.req, ctx.res, health)) return
      if (metrics !== undefined && serveMetrics(ctx.req, ctx.res, metrics)) return
      if (this.#endpoint === null) return this.#refuseEarly(ctx.req, ctx.res)
      return this.#endpoint.serve(ctx.req, ctx.res, expecting.has(ctx.req))
    })
    const expecting = new WeakSet<IncomingMessage>()
    const handle = app.callback()
    const serve = (request: IncomingMessage, response: ServerResponse) => {
      this.#connections.of(request.socket).inTurn(response, () => void handle(request, response))
    }
    this.#server.on('connection', (socket: Socket) => this.#connections.of(socket))
    this.#server.on('request', serve)
    this.#server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      expecting.add(request)
      serve(request, response)
    })
    // Only 100-continue exists; S3 disregards any other expectation, where Node would refuse it.
    this.#server.on('checkExpectation', serve)
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
      const connection = this.#connections.of(socket)
      refuseSocket(error, socket, { connection, ...this.#refusalContext() })
    })
    this.#server.on('connect', (_request: IncomingMessage, socket: Socket) => {
      refuseConnect(socket, this.#refusalContext())
    })
  }

  #refuseEarly(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connections.of(request.socket)
    const raw = new HttpRequest(this.#ids.next(), request, { body: null, connection })
    refuseEarly(raw, response, this.#onRequest)
  }

  #refusalContext(): RefusalContext {
    return { requestId: this.#ids.next(), onRequest: this.#onRequest }
  }
}
