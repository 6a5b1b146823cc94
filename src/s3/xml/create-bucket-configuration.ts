import { S3Error } from '../errors.ts'
import { child, childText } from './read-fields.ts'
import { readXml } from './read-xml.ts'

/** Parts of the document that ask for something this server has not got. */
const REFUSED = ['Location', 'Bucket', 'Tags'] as const

/**
 * The LocationConstraint of a CreateBucketConfiguration; null when there is none.
 *
 * @throws S3Error `MalformedXML`; `NotImplemented` for directory buckets and tags
 */
export function readLocationConstraint(text: string): string | null {
  if (text.trim() === '') return null
  const root = readXml(text, 'CreateBucketConfiguration')
  for (const name of REFUSED) {
    if (child(root, name) === null) continue
    const message = `CreateBucket with ${name} is not implemented.`
    throw new S3Error('NotImplemented', { Element: name }, { message })
  }
  const location = childText(root, 'LocationConstraint')?.trim() ?? ''
  return location === '' ? null : location
}
