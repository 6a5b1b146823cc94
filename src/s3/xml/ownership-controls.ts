import type { ObjectOwnership } from '../../store/bucket-config.ts'
import { findObjectOwnership } from '../wire/object-ownership.ts'
import { allowOnly, requiredText } from './read-fields.ts'
import { malformed, readXml } from './read-xml.ts'
import { element, parent, xmlDocument } from './write-xml.ts'

export function ownershipControls(ownership: ObjectOwnership): string {
  return xmlDocument('OwnershipControls', [parent('Rule', [element('ObjectOwnership', ownership)])])
}

/** @throws S3Error `MalformedXML` */
export function readOwnershipControls(text: string): ObjectOwnership {
  const root = readXml(text, 'OwnershipControls')
  const [rule, ...others] = root.children
  if (rule === undefined || rule.name !== 'Rule' || others.length > 0) throw malformed()
  allowOnly(rule, new Set(['ObjectOwnership']))
  const ownership = findObjectOwnership(requiredText(rule, 'ObjectOwnership').trim())
  if (ownership === null) throw malformed()
  return ownership
}
