import type { Tags } from '../../store/object-store.ts'
import { S3Error } from '../errors.ts'
import { child, childText } from './read-fields.ts'
import { readXml } from './read-xml.ts'
import { readTags } from './tagging.ts'

/** Parts of the document that ask for something this server has not got. */
const REFUSED = ['Location', 'Bucket'] as const

export interface CreateBucketConfiguration {
  /** The LocationConstraint; null when there is none. */
  readonly location: string | null
  /** As written; their rules are `checkTags`'s. */
  readonly tags: Tags
}

/** @throws S3Error `MalformedXML`; `NotImplemented` for directory buckets */
export function readCreateBucketConfiguration(text: string): CreateBucketConfiguration {
  if (text.trim() === '') return { location: null, tags: [] }
  const root = readXml(text, 'CreateBucketConfiguration')
  for (const name of REFUSED) {
    if (child(root, name) === null) continue
    const message = `CreateBucket with ${name} is not implemented.`
    throw new S3Error('NotImplemented', { Element: name }, { message })
  }
  const location = childText(root, 'LocationConstraint')?.trim() ?? ''
  const tags = child(root, 'Tags')
  return { location: location === '' ? null : location, tags: tags === null ? [] : readTags(tags) }
}
