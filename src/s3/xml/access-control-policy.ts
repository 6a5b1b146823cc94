import type { Acl } from '../../model/acl.ts'
import { aclOfGrants, type Grant, type Grantee, grantsOf, permissions } from '../acl-grants.ts'
import { S3Error } from '../errors.ts'
import { owner } from '../owner.ts'
import { ownerElement } from './owner-element.ts'
import { child, childText } from './read-fields.ts'
import { readXml, type XmlElement } from './read-xml.ts'
import { element, parent, xmlDocument } from './write-xml.ts'

/** AWS API Reference, "Access control list (ACL) overview": grants in one ACL. */
const GRANTS_MAX = 100

export function accessControlPolicy(acl: Acl): string {
  return xmlDocument('AccessControlPolicy', [
    ownerElement('Owner'),
    parent('AccessControlList', grantsOf(acl).map(grantElement)),
  ])
}

/**
 * The ACL that an AccessControlPolicy of a client says.
 *
 * @throws S3Error `MalformedACLError`, `AccessDenied` when it names another owner, and as
 *   `aclOfGrants`
 */
export function readAccessControlPolicy(text: string): Acl {
  const { ownerId, grants } = parse(text)
  // Nobody can give away what is the owner's.
  if (ownerId !== owner.id) throw new S3Error('AccessDenied')
  return aclOfGrants(grants)
}

function grantElement({ grantee, permission }: Grant): string {
  return parent('Grant', [granteeElement(grantee), element('Permission', permission)])
}

function granteeElement(grantee: Grantee): string {
  const isUser = grantee.kind === 'user'
  const type = isUser ? 'CanonicalUser' : 'Group'
  const who = isUser
    ? `${element('ID', grantee.id)}${element('DisplayName', owner.displayName)}`
    : element('URI', grantee.kind === 'group' ? grantee.uri : null)
  return (
    '<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ' +
    `xsi:type="${type}">${who}</Grantee>`
  )
}

function parse(text: string): { readonly ownerId: string | null; readonly grants: Grant[] } {
  try {
    const root = readXml(text, 'AccessControlPolicy')
    const named = child(root, 'Owner')
    const list = child(root, 'AccessControlList')
    if (named === null || list === null || list.children.length > GRANTS_MAX) throw malformedAcl()
    return { ownerId: childText(named, 'ID'), grants: list.children.map(readGrant) }
  } catch (cause) {
    throw malformedAcl(cause)
  }
}

function readGrant(grant: XmlElement): Grant {
  const grantee = child(grant, 'Grantee')
  const text = childText(grant, 'Permission')?.trim()
  const permission = permissions.find((known) => known === text)
  if (grant.name !== 'Grant' || grantee === null || permission === undefined) throw malformedAcl()
  return { grantee: readGrantee(grantee), permission }
}

/** By what it holds, since attributes such as xsi:type are not read. */
function readGrantee(grantee: XmlElement): Grantee {
  const id = childText(grantee, 'ID')?.trim()
  if (id !== undefined) return { kind: 'user', id }
  const uri = childText(grantee, 'URI')?.trim()
  if (uri !== undefined) return { kind: 'group', uri }
  const address = childText(grantee, 'EmailAddress')?.trim()
  if (address !== undefined) return { kind: 'email', address }
  throw malformedAcl()
}

function malformedAcl(cause?: unknown): S3Error {
  return new S3Error('MalformedACLError', {}, cause === undefined ? {} : { cause })
}
