import type { Acl } from '../../model/acl.ts'
import { aclOfGrants, type Grant, type Grantee, type Permission } from '../acl-grants.ts'
import { S3Error } from '../errors.ts'
import type { RequestHeaders } from '../request.ts'

/**
 * The ACL that x-amz-acl or the x-amz-grant-… headers ask for; null when there are none.
 *
 * @throws S3Error `InvalidArgument` for an unknown canned ACL or grantee, `InvalidRequest` for both
 *   kinds of header, `AccessControlListNotSupported` for what is no canned ACL of this server
 */
export function parseAclHeaders(headers: RequestHeaders): Acl | null {
  const canned = headers.get('x-amz-acl')
  const grants = parseGrantHeaders(headers)
  if (canned === null || canned === '') return grants === null ? null : aclOfGrants(grants)
  if (grants !== null) {
    throw new S3Error(
      'InvalidRequest',
      {},
      { message: 'Specifying both Canned ACLs and Header Grants is not allowed' },
    )
  }
  return parseCannedAcl(canned)
}

/**
 * A canned ACL by name. The owner of a bucket and of what is in it are one, so that the ACLs which
 * give the one something besides the other say the same as `private`.
 *
 * @throws S3Error `InvalidArgument`, `AccessControlListNotSupported`
 */
export function parseCannedAcl(name: string): Acl {
  const acl = CANNED_ACLS.get(name)
  if (acl !== undefined) return acl
  if (UNSUPPORTED_ACLS.has(name)) throw new S3Error('AccessControlListNotSupported')
  throw new S3Error('InvalidArgument', { ArgumentName: 'x-amz-acl', ArgumentValue: name })
}

const CANNED_ACLS: ReadonlyMap<string, Acl> = new Map([
  ['private', 'private'],
  ['public-read', 'public-read'],
  ['public-read-write', 'public-read-write'],
  ['authenticated-read', 'authenticated-read'],
  ['bucket-owner-read', 'private'],
  ['bucket-owner-full-control', 'private'],
])
/** They speak of services that are not here. */
const UNSUPPORTED_ACLS = new Set(['aws-exec-read', 'log-delivery-write'])

const GRANT_HEADERS: readonly (readonly [string, Permission])[] = [
  ['x-amz-grant-full-control', 'FULL_CONTROL'],
  ['x-amz-grant-read', 'READ'],
  ['x-amz-grant-write', 'WRITE'],
  ['x-amz-grant-read-acp', 'READ_ACP'],
  ['x-amz-grant-write-acp', 'WRITE_ACP'],
]

function parseGrantHeaders(headers: RequestHeaders): readonly Grant[] | null {
  let grants: Grant[] | null = null
  for (const [name, permission] of GRANT_HEADERS) {
    const value = headers.get(name)
    if (value === null) continue
    grants ??= []
    for (const piece of value.split(',')) {
      grants.push({ grantee: parseGrantee(name, piece), permission })
    }
  }
  return grants
}

/** `id="…"`, `uri="…"` or `emailAddress="…"`; the quotes may be left out. */
function parseGrantee(header: string, text: string): Grantee {
  const equals = text.indexOf('=')
  const value = unquoted(text.slice(equals + 1).trim())
  switch (text.slice(0, Math.max(equals, 0)).trim()) {
    case 'id':
      return { kind: 'user', id: value }
    case 'uri':
      return { kind: 'group', uri: value }
    case 'emailAddress':
      return { kind: 'email', address: value }
    default:
      throw new S3Error(
        'InvalidArgument',
        { ArgumentName: header, ArgumentValue: text },
        { message: 'Argument format not recognized' },
      )
  }
}

function unquoted(text: string): string {
  const isQuoted = text.length >= 2 && text.startsWith('"') && text.endsWith('"')
  return isQuoted ? text.slice(1, -1) : text
}
