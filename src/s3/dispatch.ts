import { randomBytes } from 'node:crypto'
import type { Identity, Principal } from '../identity/identity.ts'
import type { Clock } from '../platform/clock.ts'
import type { ObjectStore } from '../store/object-store.ts'
import { type AccessRequest, authorise } from './auth/policy.ts'
import { verifyRequest } from './auth/verify.ts'
import { DecodedRequest } from './decoded-request.ts'
import { S3Error } from './errors.ts'
import type { Operation } from './operation.ts'
import { operations } from './operations.ts'
import { isOwner } from './owner.ts'
import type { RawRequest, S3Reply, S3Request } from './request.ts'
import { Router } from './route.ts'
import { toS3Error } from './to-s3-error.ts'
import { errorDocument } from './xml/error-document.ts'

export interface DispatcherOptions {
  readonly store: ObjectStore
  readonly identity: Identity
  readonly region: string
  /** Names under which buckets are hosts; none means path style only. */
  readonly domains: readonly string[]
  readonly clock: Clock
}

/** The reply and what there is to tell about the request. */
export interface Dispatched {
  readonly reply: S3Reply
  readonly operation: string | null
  readonly bucket: string | null
  readonly key: string | null
  readonly principal: Principal | null
  readonly error: S3Error | null
}

/**
 * The one road of every request: route → authenticate → authorise → decode → handle → reply. What
 * fails on the way becomes an error reply here and nowhere else, so `dispatch` never rejects.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions
  readonly #router: Router
  readonly #hostId = randomBytes(24).toString('base64')

  constructor(options: DispatcherOptions) {
    this.#options = options
    this.#router = new Router(operations)
  }

  /**
   * Reads nothing of the body before the sender is known and allowed, and the headers are decoded.
   * A body in the reply must be consumed or returned.
   */
  async dispatch(raw: RawRequest): Promise<Dispatched> {
    const progress = new Progress()
    try {
      const reply = await this.#serve(raw, progress)
      return progress.finish(this.#complete(raw, reply), null)
    } catch (cause) {
      const error = toS3Error(cause)
      return progress.finish(this.#errorReply(raw, error), error)
    }
  }

  /** The reply to a request that is not taken on at all. */
  refuse(raw: RawRequest, error: S3Error): Dispatched {
    return new Progress().finish(this.#errorReply(raw, error), error)
  }

  async #serve(raw: RawRequest, progress: Progress): Promise<S3Reply> {
    const { store, identity, region, clock } = this.#options
    const request = new DecodedRequest(raw, this.#options.domains)
    progress.request = request
    const row = this.#router.find(request)
    progress.row = row
    const verified = verifyRequest(request, { identity, region, now: clock.now() })
    progress.principal = verified.principal
    this.#authorise(verified.principal, row, request)
    request.verified = verified
    const input = await row.decode(request)
    for (const need of row.alsoNeeds?.(input) ?? []) this.#require(verified.principal, need)
    const context = {
      store,
      identity,
      principal: verified.principal,
      region,
      requestId: raw.id,
      // A getter: most operations never ask, and a signal costs more than the rest of this object.
      get signal() {
        return raw.signal
      },
    }
    return row.handle(context, input)
  }

  #authorise(principal: Principal, row: Operation, request: S3Request): void {
    if (row.isPublic === true) return
    this.#require(principal, { action: row.action, bucket: request.bucket, key: request.key })
    const expected = request.headers.get('x-amz-expected-bucket-owner')
    if (expected !== null && !isOwner(expected)) throw denied('the bucket has another owner')
  }

  #require(principal: Principal, access: AccessRequest): void {
    const decision = authorise(principal, access)
    if (!decision.allowed) throw denied(decision.reason)
  }

  #complete(raw: RawRequest, reply: S3Reply): S3Reply {
    return { ...reply, headers: this.#headers(raw, reply.headers) }
  }

  #errorReply(raw: RawRequest, error: S3Error): S3Reply {
    if (error.status === 304) {
      return { status: 304, headers: this.#headers(raw, error.headers) }
    }
    const facts = { resource: raw.rawPath, requestId: raw.id, hostId: this.#hostId }
    const headers = { 'content-type': 'application/xml', ...error.headers }
    return {
      status: error.status,
      headers: this.#headers(raw, headers),
      body: errorDocument(error, facts),
      close: error.close,
    }
  }

  #headers(raw: RawRequest, headers: S3Reply['headers']): Record<string, string> {
    return {
      ...headers,
      'x-amz-request-id': raw.id,
      'x-amz-id-2': this.#hostId,
      server: 'Varve',
    }
  }
}

/** How far a request came, for whoever writes it down. */
class Progress {
  request: S3Request | null = null
  row: Operation | null = null
  principal: Principal | null = null

  finish(reply: S3Reply, error: S3Error | null): Dispatched {
    return {
      reply,
      error,
      operation: this.row?.name ?? null,
      bucket: this.request?.bucket ?? null,
      key: this.request?.key ?? null,
      principal: this.principal,
    }
  }
}

function denied(reason: string): S3Error {
  return new S3Error('AccessDenied', {}, { cause: new Error(reason) })
}
