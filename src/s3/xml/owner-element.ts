import { owner } from '../owner.ts'
import { element, parent } from './write-xml.ts'

/** The one owner, as `Owner` or `Initiator`. */
export function ownerElement(name: 'Owner' | 'Initiator'): string {
  return parent(name, [element('ID', owner.id), element('DisplayName', owner.displayName)])
}
