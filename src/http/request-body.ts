import type { IncomingMessage, ServerResponse } from 'node:http'
import { S3Error } from '../s3/errors.ts'
import type { HttpLimits } from './limits.ts'

/** Bytes taken from the socket ahead of the reader before the socket is paused. */
const AHEAD_SIZE_MAX = 256 * 1024

type Limits = Pick<HttpLimits, 'bodyIdleTimeoutMs' | 'bodyRateMin' | 'bodyRateWindowMs'>

interface Waiter {
  readonly resolve: (result: IteratorResult<Uint8Array>) => void
  readonly reject: (error: Error) => void
  readonly since: number
}

/**
 * The body as it comes from the socket, at the reader's pace. The first pull sends 100-continue
 * when the client waits for it, so a request refused before that never has its body sent. A client
 * that goes silent, dribbles or hangs up makes the pull reject.
 */
export class RequestBody implements AsyncIterableIterator<Uint8Array> {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #limits: Limits
  readonly #queue: Buffer[] = []
  #queuedSize = 0
  /** What Content-Length says is to come; null for a body whose end only the socket tells. */
  readonly #size: number | null
  #isFlowing = false
  #isAttached = false
  #isEnded = false
  #mustContinue: boolean
  #error: Error | null = null
  #waiter: Waiter | null = null
  #timer: NodeJS.Timeout | null = null
  #bytes = 0
  #windowBytes = 0
  #windowMs = 0

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    options: { readonly limits: Limits; readonly expectsContinue: boolean },
  ) {
    this.#request = request
    this.#response = response
    this.#limits = options.limits
    this.#mustContinue = options.expectsContinue
    const length = request.headers['content-length']
    this.#size = length === undefined ? null : Number(length)
  }

  /** Bytes read so far. */
  get bytes(): number {
    return this.#bytes
  }

  /** True while the client still waits for leave to send. */
  get isUnsent(): boolean {
    return this.#mustContinue
  }

  /** True while somebody may still read it. */
  get isOpen(): boolean {
    return !this.#isEnded && this.#error === null
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#error !== null) throw this.#error
    if (this.#mustContinue) {
      this.#mustContinue = false
      this.#response.writeContinue()
    }
    if (!this.#isAttached) {
      // A small body mostly arrived with its headers: take it without setting up the flow.
      const chunk = this.#request.read() as Buffer | null
      if (chunk !== null) return this.#deliver(chunk)
      // Node tells the end after the last piece was read already: no need to wait for that.
      if (this.#request.complete || this.#bytes === this.#size) this.#isEnded = true
      else this.#attach()
    }
    const queued = this.#queue.shift()
    if (queued !== undefined) {
      this.#queuedSize -= queued.length
      return this.#deliver(queued)
    }
    if (this.#isEnded) return { done: true, value: undefined }
    return this.#wait()
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.discard()
    return { done: true, value: undefined }
  }

  /** Nobody reads it any more. */
  discard(): void {
    this.#isEnded = true
    this.#queue.length = 0
    this.#queuedSize = 0
    this.#stopTimer()
  }

  /** Nothing more comes: unless all has, the pull in progress, or the next one, rejects. */
  hangUp(cause: Error | null): void {
    // What of a whole body was still with Node is lost when the connection is.
    if (this.#request.complete && !this.#request.destroyed) return
    this.#fail(new S3Error('IncompleteBody', {}, { cause, close: true }))
  }

  /** The first reason stands. */
  #fail(error: Error): void {
    if (this.#error !== null || this.#isEnded) return
    this.#error = error
    this.#stopTimer()
    const waiter = this.#waiter
    this.#waiter = null
    waiter?.reject(error)
  }

  #attach(): void {
    this.#isAttached = true
    this.#isFlowing = true
    const request = this.#request
    request.on('data', (chunk: Buffer) => this.#accept(chunk))
    request.on('end', () => this.#end())
    request.on('error', (cause) => this.hangUp(cause))
    request.on('close', () => this.hangUp(null))
  }

  #accept(chunk: Buffer): void {
    const waiter = this.#waiter
    if (waiter !== null) {
      this.#waiter = null
      this.#windowMs += performance.now() - waiter.since
      waiter.resolve(this.#deliver(chunk))
      return
    }
    if (this.#isEnded) return
    this.#queue.push(chunk)
    this.#queuedSize += chunk.length
    if (this.#queuedSize >= AHEAD_SIZE_MAX) {
      this.#isFlowing = false
      this.#request.pause()
    }
  }

  #end(): void {
    this.#isEnded = true
    this.#stopTimer()
    const waiter = this.#waiter
    this.#waiter = null
    waiter?.resolve({ done: true, value: undefined })
  }

  #deliver(chunk: Buffer): IteratorResult<Uint8Array> {
    this.#bytes += chunk.length
    this.#windowBytes += chunk.length
    if (this.#windowMs >= this.#limits.bodyRateWindowMs) this.#checkRate()
    return { done: false, value: chunk }
  }

  #wait(): Promise<IteratorResult<Uint8Array>> {
    if (this.#request.destroyed) {
      this.hangUp(null)
      return Promise.reject(this.#error)
    }
    if (!this.#isFlowing) {
      this.#isFlowing = true
      this.#request.resume()
    }
    if (this.#timer === null) {
      this.#timer = setTimeout(() => this.#timeOut(), this.#limits.bodyIdleTimeoutMs)
      this.#timer.unref()
    } else {
      this.#timer.refresh()
    }
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject, since: performance.now() }
    })
  }

  /** Only time spent waiting for the client counts: our own slowness is not the client's. */
  #checkRate(): void {
    const wanted = (this.#limits.bodyRateMin * this.#windowMs) / 1000
    const isTooSlow = this.#windowBytes < wanted
    this.#windowBytes = 0
    this.#windowMs = 0
    if (isTooSlow) this.#fail(new S3Error('RequestTimeout', {}, { close: true }))
  }

  #timeOut(): void {
    if (this.#waiter !== null) this.#fail(new S3Error('RequestTimeout', {}, { close: true }))
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}
