import { S3Error } from './errors.ts'
import type { Operation, Resource } from './operation.ts'
import type { S3Request } from './request.ts'

/**
 * Query parameters that turn a request into one about a part of the resource. A request that names
 * one is never taken for one about the resource itself: `DELETE /b?lifecycle` must not delete `b`.
 * Source: AWS S3 API Reference, request syntax of every action.
 */
const subresources: Readonly<Record<Resource, ReadonlySet<string>>> = {
  service: new Set(),
  bucket: new Set([
    'abac',
    'accelerate',
    'acl',
    'analytics',
    'cors',
    'delete',
    'encryption',
    'intelligent-tiering',
    'inventory',
    'lifecycle',
    'location',
    'logging',
    'metadataConfiguration',
    'metadataInventoryTable',
    'metadataJournalTable',
    'metadataTable',
    'metrics',
    'notification',
    'object-lock',
    'ownershipControls',
    'policy',
    'policyStatus',
    'publicAccessBlock',
    'replication',
    'requestPayment',
    'session',
    'tagging',
    'uploads',
    'versioning',
    'versions',
    'website',
  ]),
  object: new Set([
    'acl',
    'annotation',
    'annotations',
    'append',
    'attributes',
    'encryption',
    'legal-hold',
    'renameObject',
    'restore',
    'retention',
    'select',
    'tagging',
    'torrent',
    'uploadId',
    'uploads',
  ]),
}

const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'] as const

/** Finds the operation that a request names. Compiled once; a look-up costs one map access. */
export class Router {
  readonly #rows = new Map<string, Operation[]>()

  /** Rows of one method and subresource are tried in the order given. */
  constructor(operations: readonly Operation[]) {
    for (const row of operations) {
      const { method, resource, query = [] } = row.route
      const subresource = query.map(nameOf).find((name) => subresources[resource].has(name))
      const slot = slotOf(method, resource, subresource ?? '')
      const rows = this.#rows.get(slot)
      if (rows === undefined) this.#rows.set(slot, [row])
      else rows.push(row)
    }
  }

  /**
   * @throws S3Error `MethodNotAllowed` when the resource does not know the method, `InvalidArgument`
   *   when the query names two subresources
   */
  find(request: S3Request): Operation {
    const resource = resourceOf(request)
    const subresource = request.rawQuery === '' ? '' : subresourceOf(request, resource)
    const rows = this.#rows.get(slotOf(request.method, resource, subresource))
    for (const row of rows ?? []) {
      if (matches(row, request)) return row
    }
    throw this.#notAllowed(request, resource, subresource)
  }

  #notAllowed(request: S3Request, resource: Resource, subresource: string): S3Error {
    const allowed = METHODS.filter((method) =>
      this.#rows.has(slotOf(method, resource, subresource)),
    )
    return new S3Error(
      'MethodNotAllowed',
      { Method: request.method, ResourceType: subresource === '' ? resource : subresource },
      { headers: { allow: allowed.join(', ') } },
    )
  }
}

function resourceOf(request: S3Request): Resource {
  if (request.key !== null) return 'object'
  return request.bucket === null ? 'service' : 'bucket'
}

function subresourceOf(request: S3Request, resource: Resource): string {
  let found = ''
  for (const [name] of request.query.entries()) {
    if (!subresources[resource].has(name) || name === found) continue
    if (found !== '') {
      throw new S3Error(
        'InvalidArgument',
        { ArgumentName: 'ResourceType', ArgumentValue: found },
        { message: `Conflicting query string parameters: ${found}, ${name}` },
      )
    }
    found = name
  }
  return found
}

function matches({ route }: Operation, request: S3Request): boolean {
  if (route.header !== undefined && request.headers.get(route.header) === null) return false
  for (const wanted of route.query ?? []) {
    const equals = wanted.indexOf('=')
    if (equals < 0) {
      if (!request.query.has(wanted)) return false
    } else if (request.query.get(wanted.slice(0, equals)) !== wanted.slice(equals + 1)) {
      return false
    }
  }
  return true
}

function nameOf(wanted: string): string {
  const equals = wanted.indexOf('=')
  return equals < 0 ? wanted : wanted.slice(0, equals)
}

function slotOf(method: string, resource: Resource, subresource: string): string {
  return `${method} ${resource} ${subresource}`
}
