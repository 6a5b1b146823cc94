import type { Identity, Principal } from '../identity/identity.ts'
import type { ObjectBody, ObjectStore } from '../store/object-store.ts'
import type { AclPermission } from './auth/policy.ts'
import type { S3Reply, S3Request } from './request.ts'

export type Resource = 'service' | 'bucket' | 'object'

/** How a request is recognised. Rows are tried in the order of `operations.ts`. */
export interface Route {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE' | 'OPTIONS'
  readonly resource: Resource
  /** Query parameters that must be present; with '=value' also must equal. */
  readonly query?: readonly string[]
  /** A header that must be present, lower-case. */
  readonly header?: string
}

/** What a handler may use. */
export interface OperationContext {
  readonly store: ObjectStore
  readonly identity: Identity
  readonly principal: Principal
  readonly region: string
  readonly requestId: string
  /** Milliseconds since the epoch: the server's clock. */
  readonly now: number
  readonly signal: AbortSignal
  /** For the log: who asks, where only the body says so. */
  tellPrincipal(principal: Principal): void
}

export interface TextBodyOptions {
  readonly checksumOfObject?: boolean
}

/** The decoded, authenticated request as `decode` sees it. */
export interface DecodeRequest extends S3Request {
  /**
   * The verified body for operations that stream it: framing removed, signatures and declared
   * digests checked while it is read.
   */
  objectBody(): ObjectBody
  /**
   * The whole body as text for XML documents, verified; over `sizeMax` bytes it is refused. With
   * `checksumOfObject` the x-amz-checksum-* headers speak of something else than this body.
   */
  textBody(sizeMax: number, options?: TextBodyOptions): Promise<string>
}

/**
 * `full`: as AWS. `neutral`: answers as AWS does for a bucket where nothing is configured, and
 * takes only what changes nothing. `refused`: NotImplemented, so that nobody believes it acted.
 */
export type Support = 'full' | 'neutral' | 'refused'

/** One S3 operation: its name in AWS's words, its route, and what it does. */
export interface Operation<Input = unknown> {
  readonly name: string
  readonly route: Route
  /** IAM action the caller needs on the resource, as AWS names it. */
  readonly action: string
  /** True for the one thing nobody signs: a browser's preflight. */
  readonly isPublic?: boolean
  /** True when who asks is said in the body: the operation itself finds out, and lets in. */
  readonly isForm?: boolean
  /** The permission with which an ACL lets everybody do it; none, unless given. */
  readonly acl?: AclPermission
  /** True when it may outlast a client's patience: it then answers 200 before it knows. */
  readonly isSlow?: boolean
  /** True when refusals name the region too: SDKs ask so where a bucket is, unsigned or wrongly. */
  readonly tellsRegion?: boolean
  /** What it does of what AWS's does; `full` when not said. For the compatibility page. */
  readonly support?: Support
  /** Further (action, resource) pairs, such as the source of a copy. */
  readonly alsoNeeds?: (input: Input) => readonly AccessNeed[]
  /** Text to typed input; refuses what is malformed. */
  readonly decode: (request: DecodeRequest) => Input | Promise<Input>
  readonly handle: (context: OperationContext, input: Input) => Promise<S3Reply>
}

export interface AccessNeed {
  readonly action: string
  readonly bucket: string
  readonly key: string | null
}

/**
 * Declares an operation; the type of `Input` flows from `decode` to `handle`. Outside of the row
 * nobody looks into an input, so the table holds operations of inputs unknown.
 */
export function operation<Input>(row: Operation<Input>): Operation {
  return row as unknown as Operation
}
