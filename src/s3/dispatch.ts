import { randomBytes } from 'node:crypto'
import type { Identity, Principal } from '../identity/identity.ts'
import type { Clock } from '../platform/clock.ts'
import type { ObjectStore } from '../store/object-store.ts'
import { requireEverybody } from './auth/everybody.ts'
import { type AccessRequest, authorise } from './auth/policy.ts'
import { nobody, type VerifiedRequest, verifyRequest } from './auth/verify.ts'
import { addCorsHeaders } from './cors-reply.ts'
import { DecodedRequest } from './decoded-request.ts'
import { S3Error } from './errors.ts'
import type { Operation, OperationContext } from './operation.ts'
import { operations } from './operations.ts'
import { isOwner } from './owner.ts'
import { patientReply } from './patient-reply.ts'
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
  /** When to begin answering an operation that takes long. */
  readonly patience?: { readonly patienceMs: number }
}

/** The reply and what there is to tell about the request. */
export interface Dispatched {
  readonly reply: S3Reply
  readonly operation: string | null
  readonly bucket: string | null
  readonly key: string | null
  readonly principal: Principal | null
  /** Final once the reply is sent whole: a slow operation may fail after its first byte. */
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
      progress.finish(this.#complete(raw, reply))
    } catch (cause) {
      progress.error = toS3Error(cause)
      progress.finish(this.#errorReply(raw, progress.error, progress.row))
    }
    if (raw.headers.get('origin') === null) return progress
    return progress.finish(await addCorsHeaders(this.#options.store, progress))
  }

  /** The reply to a request that is not taken on at all. */
  refuse(raw: RawRequest, error: S3Error): Dispatched {
    const progress = new Progress()
    progress.error = error
    return progress.finish(this.#errorReply(raw, error, null))
  }

  async #serve(raw: RawRequest, progress: Progress): Promise<S3Reply> {
    const request = new DecodedRequest(raw, this.#options.domains)
    progress.request = request
    const row = this.#router.find(request)
    progress.row = row
    const verified = row.isPublic === true ? nobody : this.#verify(request)
    const { principal } = verified
    progress.principal = principal
    const { action, acl } = row
    const { bucket, key } = request
    if (principal.kind !== 'anonymous') require(principal, { action, bucket, key })
    else if (row.isPublic !== true && row.isForm !== true) {
      // Somebody nobody knows: the ACLs decide.
      await requireEverybody(this.#options.store, request, acl)
    }
    requireExpectedOwner(request)
    request.verified = verified
    const input = await row.decode(request)
    for (const need of row.alsoNeeds?.(input) ?? []) this.#requireAlso(principal, row, need)
    const context = new RequestContext(raw, this.#options, progress)
    const handled = row.handle(context, input)
    if (row.isSlow !== true) return handled
    const renderError = (cause: unknown) => {
      progress.error = toS3Error(cause)
      return this.#errorDocument(raw, progress.error)
    }
    return patientReply(handled, { renderError, ...this.#options.patience })
  }

  #verify(request: S3Request): VerifiedRequest {
    const { identity, region, clock } = this.#options
    return verifyRequest(request, { identity, region, now: clock.now() })
  }

  #requireAlso(principal: Principal, row: Operation, need: AccessRequest): void {
    // What an ACL gave, it gave for more of the same only: more keys of the bucket.
    const isMoreOfTheSame = row.acl !== undefined && need.action === row.action
    if (principal.kind === 'anonymous' && isMoreOfTheSame) return
    require(principal, need)
  }

  #complete(raw: RawRequest, reply: S3Reply): S3Reply {
    const headers = this.#headers(raw, reply.headers)
    // As of most writes, which are spared the spread.
    if (reply.body === undefined && reply.close === undefined)
      return { status: reply.status, headers }
    return { ...reply, headers }
  }

  #errorReply(raw: RawRequest, error: S3Error, row: Operation | null): S3Reply {
    if (error.status === 304) {
      return { status: 304, headers: this.#headers(raw, error.headers) }
    }
    const isWhere = row?.tellsRegion === true && error.status !== 404
    const headers = {
      'content-type': 'application/xml',
      ...(isWhere && { 'x-amz-bucket-region': this.#options.region }),
      ...error.headers,
    }
    return {
      status: error.status,
      headers: this.#headers(raw, headers),
      body: this.#errorDocument(raw, error),
      close: error.close,
    }
  }

  #errorDocument(raw: RawRequest, error: S3Error): string {
    const facts = { resource: raw.rawPath, requestId: raw.id, hostId: this.#hostId }
    return errorDocument(error, facts)
  }

  #headers(raw: RawRequest, headers: S3Reply['headers']): Record<string, string> {
    // Spreads come last on hot paths: properties after one cost V8 a hidden class each time.
    return {
      'x-amz-request-id': raw.id,
      'x-amz-id-2': this.#hostId,
      server: 'Varve',
      ...headers,
    }
  }
}

/**
 * What a handler is given. Classes here, not literals: an accessor in a literal gives every object
 * a hidden class of its own, and half the time of a small GET was spent on collecting those.
 */
class RequestContext implements OperationContext {
  readonly store: ObjectStore
  readonly identity: Identity
  readonly region: string
  readonly requestId: string
  readonly #clock: Clock
  readonly #progress: Progress
  readonly #raw: RawRequest

  constructor(raw: RawRequest, options: DispatcherOptions, progress: Progress) {
    this.store = options.store
    this.identity = options.identity
    this.region = options.region
    this.requestId = raw.id
    this.#clock = options.clock
    this.#progress = progress
    this.#raw = raw
  }

  get principal(): Principal {
    return this.#progress.principal ?? nobody.principal
  }

  tellPrincipal(principal: Principal): void {
    this.#progress.principal = principal
  }

  get now(): number {
    return this.#clock.now()
  }

  get signal(): AbortSignal {
    return this.#raw.signal
  }
}

/** How far a request came, for whoever writes it down. */
class Progress implements Dispatched {
  reply: S3Reply = { status: 500, headers: {} }
  request: S3Request | null = null
  row: Operation | null = null
  principal: Principal | null = null
  /** Also set by a reply that fails after its first byte, so it is read when all is over. */
  error: S3Error | null = null

  get operation(): string | null {
    return this.row?.name ?? null
  }

  get bucket(): string | null {
    return this.request?.bucket ?? null
  }

  get key(): string | null {
    return this.request?.key ?? null
  }

  finish(reply: S3Reply): Dispatched {
    this.reply = reply
    return this
  }
}

function require(principal: Principal, access: AccessRequest): void {
  const decision = authorise(principal, access)
  if (!decision.allowed) throw denied(decision.reason)
}

/** Of the bucket, and of that which is copied from. */
const EXPECTED_OWNERS = ['x-amz-expected-bucket-owner', 'x-amz-source-expected-bucket-owner']

function requireExpectedOwner({ headers }: S3Request): void {
  for (const name of EXPECTED_OWNERS) {
    const expected = headers.get(name)
    if (expected !== null && !isOwner(expected)) throw denied('the bucket has another owner')
  }
}

function denied(reason: string): S3Error {
  return new S3Error('AccessDenied', {}, { cause: new Error(reason) })
}
