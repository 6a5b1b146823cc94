import { checksumAlgorithms } from '../../../model/checksum.ts'
import { parseObjectKey } from '../../../model/object-key.ts'
import { parseVersionId } from '../../../model/version-id.ts'
import type { DeleteItem, DeleteItemResult } from '../../../store/object-store.ts'
import { S3Error } from '../../errors.ts'
import { operation } from '../../operation.ts'
import { xmlReply } from '../../replies.ts'
import type { RequestHeaders } from '../../request.ts'
import { requireBucket } from '../../resource-names.ts'
import { toS3Error } from '../../to-s3-error.ts'
import { checksumHeaderName } from '../../wire/checksum-headers.ts'
import { parseEtag } from '../../wire/etag.ts'
import {
  type DeleteEntry,
  type DeleteOutcome,
  deleteResult,
  readDelete,
} from '../../xml/delete-document.ts'

const BODY_SIZE_MAX = 2 * 1024 * 1024

/** DeleteObjects: up to 1000 keys; each succeeds or fails for itself. */
export const deleteObjects = operation({
  name: 'DeleteObjects',
  route: { method: 'POST', resource: 'bucket', query: ['delete'] },
  action: 's3:DeleteObject',
  acl: 'write',

  async decode(request) {
    requireDigest(request.headers)
    return {
      bucket: requireBucket(request.bucket),
      document: readDelete(await request.textBody(BODY_SIZE_MAX)),
    }
  },

  alsoNeeds: ({ bucket, document }) =>
    document.objects.map(({ key, versionId }) => {
      const action = versionId === null ? 's3:DeleteObject' : 's3:DeleteObjectVersion'
      return { action, bucket, key }
    }),

  async handle({ store }, { bucket, document }) {
    const planned = document.objects.map((entry) => ({ entry, ...plan(entry) }))
    const items = planned.flatMap(({ item }) => (item === null ? [] : [item]))
    const results = await store.deleteObjects(bucket, items)
    let next = 0
    const outcomes = planned.map(({ entry, item, error }): DeleteOutcome => {
      return item === null ? { entry, error } : outcomeOf(entry, results[next++])
    })
    return xmlReply(deleteResult(outcomes, document.isQuiet))
  },
})

/** A body that says what to delete must not be believed when it was damaged on its way. */
function requireDigest(headers: RequestHeaders): void {
  const names = ['content-md5', 'x-amz-trailer', ...checksumAlgorithms.map(checksumHeaderName)]
  if (names.some((name) => headers.get(name) !== null)) return
  throw new S3Error(
    'InvalidRequest',
    {},
    { message: 'Missing required header for this request: Content-MD5 OR x-amz-checksum-*' },
  )
}

type Plan =
  | { readonly item: DeleteItem; readonly error: null }
  | { readonly item: null; readonly error: S3Error }

function plan(entry: DeleteEntry): Plan {
  try {
    return { item: itemOf(entry), error: null }
  } catch (error) {
    return { item: null, error: toS3Error(error) }
  }
}

/** @throws S3Error, which is this entry's alone */
function itemOf({ key: text, versionId, etag, foreignCondition }: DeleteEntry): DeleteItem {
  const key = parseObjectKey(text)
  if (key === null) throw new S3Error('KeyTooLongError')
  const version = versionId === null ? undefined : parseVersionId(versionId)
  if (version === null) throw new S3Error('NoSuchVersion')
  if (foreignCondition !== null) {
    const message = `${foreignCondition} is a condition for directory buckets only.`
    throw new S3Error('NotImplemented', {}, { message })
  }
  return { key, version, ...(etag !== null && { ifMatch: parseEtag(etag) }) }
}

function outcomeOf(entry: DeleteEntry, result: DeleteItemResult | undefined): DeleteOutcome {
  if (result === undefined) return { entry, error: new S3Error('InternalError') }
  if (!result.deleted) return { entry, error: toS3Error(result.error) }
  const { versionId, isDeleteMarker } = result
  return { entry, error: null, markerVersionId: isDeleteMarker ? versionId : null }
}
