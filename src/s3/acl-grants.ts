/**
 * ACLs as S3 writes them, lists of grants, and the few that this server keeps: those which a canned
 * ACL expresses. Any other is refused, so that none is believed to act.
 */
import type { Acl } from '../model/acl.ts'
import { S3Error } from './errors.ts'
import { owner } from './owner.ts'

export const permissions = ['FULL_CONTROL', 'READ', 'WRITE', 'READ_ACP', 'WRITE_ACP'] as const
export type Permission = (typeof permissions)[number]

export type Grantee =
  | { readonly kind: 'user'; readonly id: string }
  | { readonly kind: 'group'; readonly uri: string }
  | { readonly kind: 'email'; readonly address: string }

export interface Grant {
  readonly grantee: Grantee
  readonly permission: Permission
}

const ALL_USERS = 'http://acs.amazonaws.com/groups/global/AllUsers'
const AUTHENTICATED_USERS = 'http://acs.amazonaws.com/groups/global/AuthenticatedUsers'
const LOG_DELIVERY = 'http://acs.amazonaws.com/groups/s3/LogDelivery'
const GROUPS = new Set([ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY])

const byOwner: Grant = {
  grantee: { kind: 'user', id: owner.id },
  permission: 'FULL_CONTROL',
}

/** What an ACL gives to whom: groups first, then the owner. */
export function grantsOf(acl: Acl): readonly Grant[] {
  return [...groupGrants[acl], byOwner]
}

const groupGrants: Readonly<Record<Acl, readonly Grant[]>> = {
  private: [],
  'public-read': [grantTo(ALL_USERS, 'READ')],
  'public-read-write': [grantTo(ALL_USERS, 'READ'), grantTo(ALL_USERS, 'WRITE')],
  'authenticated-read': [grantTo(AUTHENTICATED_USERS, 'READ')],
}
const acls = Object.keys(groupGrants) as Acl[]

/**
 * The ACL that gives just this. Grants may be repeated and in any order.
 *
 * @throws S3Error `InvalidArgument` for a grantee that nobody is,
 *   `UnresolvableGrantByEmailAddress`, `AccessControlListNotSupported` for what no canned ACL says
 */
export function aclOfGrants(grants: readonly Grant[]): Acl {
  for (const { grantee } of grants) requireGrantee(grantee)
  const given = new Set(grants.map(nameOf))
  const acl = acls.find((candidate) => {
    const wanted = grantsOf(candidate)
    return wanted.length === given.size && wanted.every((grant) => given.has(nameOf(grant)))
  })
  if (acl !== undefined) return acl
  throw new S3Error(
    'AccessControlListNotSupported',
    {},
    { message: 'Only grants that a canned ACL expresses are supported' },
  )
}

function requireGrantee(grantee: Grantee): void {
  switch (grantee.kind) {
    case 'user':
      if (grantee.id === owner.id) return
      throw invalidGrantee('CanonicalUser/ID', grantee.id, 'Invalid id')
    case 'group':
      if (GROUPS.has(grantee.uri)) return
      throw invalidGrantee('Group/URI', grantee.uri, 'Invalid group uri')
    case 'email':
      // Nobody here has an address.
      throw new S3Error('UnresolvableGrantByEmailAddress')
  }
}

function invalidGrantee(name: string, value: string, message: string): S3Error {
  return new S3Error('InvalidArgument', { ArgumentName: name, ArgumentValue: value }, { message })
}

function grantTo(uri: string, permission: Permission): Grant {
  return { grantee: { kind: 'group', uri }, permission }
}

function nameOf({ grantee, permission }: Grant): string {
  const who = grantee.kind === 'user' ? grantee.id : grantee.kind === 'group' ? grantee.uri : ''
  return `${grantee.kind} ${who} ${permission}`
}
