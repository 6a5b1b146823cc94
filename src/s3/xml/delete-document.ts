import type { VersionId } from '../../model/version-id.ts'
import type { S3Error } from '../errors.ts'
import { allowOnly, childFlag, childText, requiredText } from './read-fields.ts'
import { malformed, readXml } from './read-xml.ts'
import { element, parent, xmlDocument } from './write-xml.ts'

/** AWS API Reference, DeleteObjects. */
const KEYS_MAX = 1000

export interface DeleteDocument {
  /** None twice: as on AWS, a key that is repeated is deleted once, and gets one delete marker. */
  readonly objects: readonly DeleteEntry[]
  /** True: tell only what failed. */
  readonly isQuiet: boolean
}

export interface DeleteEntry {
  readonly key: string
  readonly versionId: string | null
  /** As written, quotes and all. */
  readonly etag: string | null
  /** Conditions that only directory buckets have: `LastModifiedTime` or `Size`. */
  readonly foreignCondition: string | null
}

/** @throws S3Error `MalformedXML`, also for no keys or more than 1000 */
export function readDelete(text: string): DeleteDocument {
  const root = readXml(text, 'Delete')
  allowOnly(root, ROOT_FIELDS)
  const objects: DeleteEntry[] = []
  for (const child of root.children) {
    if (child.name !== 'Object') continue
    allowOnly(child, OBJECT_FIELDS)
    const key = requiredText(child, 'Key')
    if (key === '') throw malformed()
    objects.push({
      key,
      versionId: childText(child, 'VersionId'),
      etag: childText(child, 'ETag'),
      foreignCondition: FOREIGN_FIELDS.find((name) => childText(child, name) !== null) ?? null,
    })
  }
  if (objects.length === 0 || objects.length > KEYS_MAX) throw malformed()
  return { objects: eachOnce(objects), isQuiet: childFlag(root, 'Quiet', false) }
}

function eachOnce(objects: readonly DeleteEntry[]): readonly DeleteEntry[] {
  return [...new Map(objects.map((entry) => [JSON.stringify(entry), entry])).values()]
}

const FOREIGN_FIELDS = ['LastModifiedTime', 'Size'] as const
const ROOT_FIELDS: ReadonlySet<string> = new Set(['Object', 'Quiet'])
const OBJECT_FIELDS: ReadonlySet<string> = new Set(['Key', 'VersionId', 'ETag', ...FOREIGN_FIELDS])

export type DeleteOutcome =
  | { readonly entry: DeleteEntry; readonly error: S3Error }
  | {
      readonly entry: DeleteEntry
      /** It is gone. */
      readonly error: null
      /** Of the delete marker that was made, or removed. */
      readonly markerVersionId: VersionId | null
    }

export function deleteResult(outcomes: readonly DeleteOutcome[], isQuiet: boolean): string {
  const told = isQuiet ? outcomes.filter(({ error }) => error !== null) : outcomes
  return xmlDocument('DeleteResult', told.map(outcomeElement))
}

function outcomeElement(outcome: DeleteOutcome): string {
  const { entry, error } = outcome
  const name = [element('Key', entry.key), element('VersionId', entry.versionId)]
  if (error !== null) {
    const reason = [element('Code', error.code), element('Message', error.message)]
    return parent('Error', [...name, ...reason])
  }
  const { markerVersionId } = outcome
  if (markerVersionId === null) return parent('Deleted', name)
  const marker = [element('DeleteMarker', true), element('DeleteMarkerVersionId', markerVersionId)]
  return parent('Deleted', [...name, ...marker])
}
