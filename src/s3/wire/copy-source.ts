import { S3Error } from '../errors.ts'
import { decodePercent } from './percent.ts'

export interface CopySourceName {
  /** Decoded, not validated, as `key`. */
  readonly bucket: string
  readonly key: string
  readonly versionId: string | null
}

/**
 * x-amz-copy-source: `[/]bucket/key[?versionId=id]`, percent-encoded; decoded exactly once.
 *
 * @throws S3Error `InvalidArgument` when there is no key in it or an escape is broken
 */
export function parseCopySource(value: string): CopySourceName {
  const question = value.indexOf(VERSION_MARK)
  const path = decode(question < 0 ? value : value.slice(0, question))
  const start = path.startsWith('/') ? 1 : 0
  const slash = path.indexOf('/', start)
  if (slash <= start || slash === path.length - 1) throw invalid(value)
  return {
    bucket: path.slice(start, slash),
    key: path.slice(slash + 1),
    versionId: question < 0 ? null : decode(value.slice(question + VERSION_MARK.length)),
  }
}

const VERSION_MARK = '?versionId='

function decode(text: string): string {
  try {
    return decodePercent(text)
  } catch (cause) {
    throw invalid(text, cause)
  }
}

function invalid(value: string, cause?: unknown): S3Error {
  return new S3Error(
    'InvalidArgument',
    { ArgumentName: 'x-amz-copy-source', ArgumentValue: value },
    {
      message: 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
      ...(cause !== undefined && { cause }),
    },
  )
}
