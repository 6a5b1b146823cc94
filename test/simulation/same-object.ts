import { isDeepStrictEqual } from 'node:util'
import { attributesOf } from './mark.ts'
import type { ObjectValue } from './object-value.ts'
import type { FoundObject } from './store-state.ts'

/** Whether what was found is the value, byte for byte and with all that belongs to it. */
export function isSameObject(found: FoundObject | null, value: ObjectValue | null): boolean {
  if (found === null || value === null) return found === null && value === null
  const { content, head, tags } = found
  if (!content.equals(value.content) || head.etag !== value.etag) return false
  if (head.size !== content.length) return false
  const { contentType, metadata } = attributesOf(value.mark)
  if (head.attributes.headers.contentType !== contentType) return false
  if (!isDeepStrictEqual([...head.attributes.metadata], [...metadata])) return false
  if (!isDeepStrictEqual(tags, value.tags)) return false
  if (head.storageClass !== value.storageClass) return false
  if (value.lastModified === null) return true
  return (
    value.lastModified === head.lastModified && isDeepStrictEqual(value.checksum, head.checksum)
  )
}
