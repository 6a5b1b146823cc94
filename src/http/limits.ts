/** What one process takes on at once, and how long it waits for a client. */
export interface HttpLimits {
  /** Requests in progress; further ones are told to slow down. */
  readonly requestsMax: number
  /** Requests that carry a body, in progress; uploads cost more memory than reads. */
  readonly bodiesMax: number
  /** Open sockets; further ones wait in the listen queue or are dropped by Node. */
  readonly connectionsMax: number
  /** Request line and headers together, in bytes. */
  readonly headersSizeMax: number
  readonly headersCountMax: number
  /** From the first byte of a request to the end of its headers. */
  readonly headersTimeoutMs: number
  /** An idle connection is kept this long; longer than the idle timeout of common balancers. */
  readonly keepAliveTimeoutMs: number
  /** Without one byte of the body for this long, the request is given up. */
  readonly bodyIdleTimeoutMs: number
  /** Over `bodyRateWindowMs` of waiting, a body must come at least this fast, in bytes a second. */
  readonly bodyRateMin: number
  readonly bodyRateWindowMs: number
  /** A client that reads nothing of its reply for this long is cut off. */
  readonly replyIdleTimeoutMs: number
}

export const defaultHttpLimits: HttpLimits = {
  requestsMax: 2048,
  bodiesMax: 512,
  connectionsMax: 10_000,
  headersSizeMax: 32 * 1024,
  headersCountMax: 1000,
  headersTimeoutMs: 30_000,
  // AWS ALB 60 s, nginx 60 s, GCP 600 s: whoever stands in front must be the first to close.
  keepAliveTimeoutMs: 620_000,
  bodyIdleTimeoutMs: 30_000,
  bodyRateMin: 1024,
  bodyRateWindowMs: 30_000,
  replyIdleTimeoutMs: 60_000,
}

/**
 * What a request takes of the server. Of a form nobody knows who sends it before it is read: so
 * forms are not let to take all the places that uploads have.
 */
export type RequestKind = 'bodiless' | 'body' | 'form'

/** Of uploads in progress, the part that may be forms. */
const FORM_SHARE = 1 / 4

/** Counts what is in progress. Every `enter` that said yes needs one `leave`. */
export class Admission {
  readonly #limits: Pick<HttpLimits, 'requestsMax' | 'bodiesMax'>
  readonly #formsMax: number
  #requests = 0
  #bodies = 0
  #forms = 0

  constructor(limits: Pick<HttpLimits, 'requestsMax' | 'bodiesMax'>) {
    this.#limits = limits
    this.#formsMax = Math.ceil(limits.bodiesMax * FORM_SHARE)
  }

  get requests(): number {
    return this.#requests
  }

  get bodies(): number {
    return this.#bodies
  }

  /** False when the request must be refused; then nothing was counted. */
  enter(kind: RequestKind): boolean {
    if (this.#requests >= this.#limits.requestsMax) return false
    if (kind !== 'bodiless' && this.#bodies >= this.#limits.bodiesMax) return false
    if (kind === 'form' && this.#forms >= this.#formsMax) return false
    this.#count(kind, 1)
    return true
  }

  leave(kind: RequestKind): void {
    this.#count(kind, -1)
  }

  #count(kind: RequestKind, step: 1 | -1): void {
    this.#requests += step
    if (kind !== 'bodiless') this.#bodies += step
    if (kind === 'form') this.#forms += step
  }
}
