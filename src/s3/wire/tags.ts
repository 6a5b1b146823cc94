import type { Tags } from '../../store/object-store.ts'
import { S3Error } from '../errors.ts'
import { decodePercent } from './percent.ts'

/**
 * x-amz-tagging: `key=value&key=value`, form-encoded. An empty header means no tags: Velero sends
 * it.
 *
 * @throws S3Error `InvalidArgument` for a broken escape or a repeated key, `InvalidTag` as
 * `checkTags`
 */
export function parseTaggingHeader(value: string | null): Tags {
  if (value === null || value === '') return []
  const tags: { key: string; value: string }[] = []
  for (const piece of value.split('&')) {
    if (piece === '') continue
    const equals = piece.indexOf('=')
    const key = decode(equals < 0 ? piece : piece.slice(0, equals))
    tags.push({ key, value: equals < 0 ? '' : decode(piece.slice(equals + 1)) })
  }
  if (new Set(tags.map((tag) => tag.key)).size !== tags.length) throw malformed()
  return checkTags(tags)
}

/**
 * Returns `tags` when they follow the rules of "Categorizing your objects using tags" (AWS S3 User
 * Guide): at most 10 of an object, keys of 1 … 128 and values of 0 … 256 characters, no key twice.
 *
 * @throws S3Error `InvalidTag`
 */
export function checkTags(tags: Tags, tagsMax: number = OBJECT_TAGS_MAX): Tags {
  if (tags.length > tagsMax) {
    const what = tagsMax === OBJECT_TAGS_MAX ? 'Object tags' : 'Bucket tag count'
    throw invalid(`${what} cannot be greater than ${tagsMax}`)
  }
  const keys = new Set<string>()
  for (const { key, value } of tags) {
    if (!isTagText(key, KEY_LENGTH_MAX) || key === '') {
      throw invalid('The TagKey you have provided is invalid', { TagKey: key })
    }
    if (key.toLowerCase().startsWith('aws:')) {
      throw invalid('System tags cannot be added/updated by requester', { TagKey: key })
    }
    if (!isTagText(value, VALUE_LENGTH_MAX)) {
      throw invalid('The TagValue you have provided is invalid', { TagValue: value })
    }
    if (keys.has(key)) {
      throw invalid('Cannot provide multiple Tags with the same key', { TagKey: key })
    }
    keys.add(key)
  }
  return tags
}

const OBJECT_TAGS_MAX = 10
/** AWS S3 User Guide, "Using cost allocation S3 bucket tags". */
export const BUCKET_TAGS_MAX = 50
const KEY_LENGTH_MAX = 128
const VALUE_LENGTH_MAX = 256
const TAG_TEXT = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u

function isTagText(text: string, lengthMax: number): boolean {
  // The cheap check first: a code point is at most two code units.
  return text.length <= lengthMax * 2 && [...text].length <= lengthMax && TAG_TEXT.test(text)
}

/** Forms write a space as '+'; Python's urlencode, which people use for this header, does too. */
function decode(text: string): string {
  try {
    return decodePercent(text.replaceAll('+', ' '))
  } catch (cause) {
    throw malformed(cause)
  }
}

function malformed(cause?: unknown): S3Error {
  return new S3Error(
    'InvalidArgument',
    { ArgumentName: 'x-amz-tagging' },
    {
      message:
        "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query " +
        'parameters without tag name duplicates.',
      ...(cause !== undefined && { cause }),
    },
  )
}

function invalid(message: string, detail: Record<string, string> = {}): S3Error {
  return new S3Error('InvalidTag', detail, { message })
}
