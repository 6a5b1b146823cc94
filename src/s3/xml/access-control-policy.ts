import { S3Error } from '../errors.ts'
import { owner } from '../owner.ts'
import { ownerElement } from './owner-element.ts'
import { child, childText } from './read-fields.ts'
import { readXml } from './read-xml.ts'
import { element, parent, xmlDocument } from './write-xml.ts'

const FULL_CONTROL = 'FULL_CONTROL'

/** AccessControlPolicy of everything there is: the owner alone, with all permissions. */
export function ownerOnlyPolicy(): string {
  const grantee =
    '<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">' +
    `${element('ID', owner.id)}${element('DisplayName', owner.displayName)}</Grantee>`
  return xmlDocument('AccessControlPolicy', [
    ownerElement('Owner'),
    parent('AccessControlList', [parent('Grant', [grantee, element('Permission', FULL_CONTROL)])]),
  ])
}

/**
 * Whether a policy sent by a client says just what is so: the owner, and nobody else, with full
 * control.
 *
 * @throws S3Error `MalformedACLError` for what is no AccessControlPolicy
 */
export function isOwnerOnly(text: string): boolean {
  const root = parse(text)
  const ownerId = child(root, 'Owner')
  const list = child(root, 'AccessControlList')
  if (ownerId === null || list === null) throw new S3Error('MalformedACLError')
  if (childText(ownerId, 'ID') !== owner.id) return false
  return (
    list.children.length > 0 &&
    list.children.every((grant) => {
      const grantee = child(grant, 'Grantee')
      const isOwner = grantee !== null && childText(grantee, 'ID') === owner.id
      return isOwner && childText(grant, 'Permission') === FULL_CONTROL
    })
  )
}

function parse(text: string) {
  try {
    return readXml(text, 'AccessControlPolicy')
  } catch (cause) {
    throw new S3Error('MalformedACLError', {}, { cause })
  }
}
