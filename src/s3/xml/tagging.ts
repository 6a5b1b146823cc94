import type { Tags } from '../../store/object-store.ts'
import { allowOnly, child, requiredText } from './read-fields.ts'
import { malformed, readXml, type XmlElement } from './read-xml.ts'
import { element, parent, xmlDocument } from './write-xml.ts'

export function tagging(tags: Tags): string {
  return xmlDocument('Tagging', [
    parent(
      'TagSet',
      [...tags]
        .sort(byKey)
        .map(({ key, value }) => parent('Tag', [element('Key', key), element('Value', value)])),
    ),
  ])
}

/** The tags as written; their rules are `checkTags`'s. @throws S3Error `MalformedXML` */
export function readTagging(text: string): Tags {
  const root = readXml(text, 'Tagging')
  allowOnly(root, new Set(['TagSet']))
  const set = child(root, 'TagSet')
  if (set === null) throw malformed()
  return readTags(set)
}

/** Of an element that holds nothing but Tag elements. @throws S3Error `MalformedXML` */
export function readTags(set: XmlElement): Tags {
  allowOnly(set, new Set(['Tag']))
  return set.children.map((tag) => ({
    key: requiredText(tag, 'Key'),
    value: requiredText(tag, 'Value'),
  }))
}

/** A set has no order of its own; one that never changes is easier to compare. */
function byKey(left: { readonly key: string }, right: { readonly key: string }): number {
  return Buffer.compare(Buffer.from(left.key), Buffer.from(right.key))
}
