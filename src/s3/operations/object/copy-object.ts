import type { CopyObjectInput } from '../../../store/object-store.ts'
import { copySourceHeader, decodeCopySource, sourceNeeds } from '../../copy-source.ts'
import { S3Error } from '../../errors.ts'
import { operation } from '../../operation.ts'
import { notImplemented, refuseWriteHeaders } from '../../refused-headers.ts'
import { xmlReply } from '../../replies.ts'
import type { RequestHeaders } from '../../request.ts'
import { requireObject } from '../../resource-names.ts'
import { refuseVersionParameter, writtenVersionHeader } from '../../version-id.ts'
import { parseAclHeaders } from '../../wire/acl-headers.ts'
import { parseChecksumRequest } from '../../wire/checksum-headers.ts'
import { parseWriteConditions } from '../../wire/conditions.ts'
import {
  parseContentHeaders,
  parseStorageClassHeader,
  parseUserMetadata,
} from '../../wire/object-attributes.ts'
import { parseTaggingHeader } from '../../wire/tags.ts'
import { copyObjectResult } from '../../xml/copy-result.ts'

const REDIRECT = 'x-amz-website-redirect-location'

/** CopyObject: a second name for the same bytes. */
export const copyObject = operation({
  name: 'CopyObject',
  route: { method: 'PUT', resource: 'object', header: 'x-amz-copy-source' },
  action: 's3:PutObject',
  isSlow: true,
  alsoNeeds: sourceNeeds,

  decode(request) {
    const { headers } = request
    refuseWriteHeaders(headers)
    refuseVersionParameter(request.query)
    const acl = parseAclHeaders(headers)
    const input = {
      ...(acl !== null && { acl }),
      ...requireObject(request),
      source: decodeCopySource(headers),
      ...decodeMetadata(headers),
      tags: isReplaced(headers, 'x-amz-tagging-directive')
        ? parseTaggingHeader(headers.get('x-amz-tagging'))
        : null,
      storageClass: parseStorageClassHeader(headers) ?? ('STANDARD' as const),
      checksumAlgorithm: parseChecksumRequest(headers)?.algorithm ?? null,
      conditions: parseWriteConditions(headers),
    }
    refuseCopyOntoItself(input, headers)
    return input
  },

  async handle({ store, signal }, input) {
    const copied = await store.copyObject({ ...input, signal })
    return xmlReply(copyObjectResult(copied), {
      ...copySourceHeader(copied.sourceVersionId),
      ...writtenVersionHeader(copied.versionId),
    })
  },
})

function decodeMetadata(headers: RequestHeaders): Pick<CopyObjectInput, 'headers' | 'metadata'> {
  if (isReplaced(headers, 'x-amz-metadata-directive')) {
    return { headers: parseContentHeaders(headers), metadata: parseUserMetadata(headers) }
  }
  if (headers.get(REDIRECT) !== null) {
    throw notImplemented(REDIRECT, 'A redirect can be set by a copy that replaces the metadata.')
  }
  return { headers: null, metadata: null }
}

/** @throws S3Error `InvalidArgument` for a directive that is neither COPY nor REPLACE */
function isReplaced(headers: RequestHeaders, name: string): boolean {
  const directive = headers.get(name)
  if (directive === null || directive === 'COPY') return false
  if (directive === 'REPLACE') return true
  const what = name.includes('tagging') ? 'tagging' : 'metadata'
  throw new S3Error(
    'InvalidArgument',
    { ArgumentName: name, ArgumentValue: directive },
    { message: `Unknown ${what} directive.` },
  )
}

function refuseCopyOntoItself(
  input: Pick<
    CopyObjectInput,
    'source' | 'bucket' | 'key' | 'metadata' | 'tags' | 'checksumAlgorithm'
  >,
  headers: RequestHeaders,
): void {
  const { source, bucket, key } = input
  if (source.bucket !== bucket || source.key !== key) return
  // Which makes an older version current again.
  if (source.version !== undefined) return
  const isChanged =
    input.metadata !== null ||
    input.tags !== null ||
    input.checksumAlgorithm !== null ||
    headers.get('x-amz-storage-class') !== null
  if (isChanged) return
  throw new S3Error(
    'InvalidRequest',
    {},
    {
      message:
        'This copy request is illegal because it is trying to copy an object to itself without ' +
        "changing the object's metadata, storage class, website redirect location or encryption " +
        'attributes.',
    },
  )
}
