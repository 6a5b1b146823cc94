import { checksumAlgorithms } from '../../../model/checksum.ts'
import { type ObjectKey, parseObjectKey } from '../../../model/object-key.ts'
import type { DeleteItem, DeleteItemResult } from '../../../store/object-store.ts'
import { S3Error } from '../../errors.ts'
import { operation } from '../../operation.ts'
import { xmlReply } from '../../replies.ts'
import type { RequestHeaders } from '../../request.ts'
import { requireBucket } from '../../resource-names.ts'
import { toS3Error } from '../../to-s3-error.ts'
import { NULL_VERSION } from '../../version-id.ts'
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

  async decode(request) {
    requireDigest(request.headers)
    return {
      bucket: requireBucket(request.bucket),
      document: readDelete(await request.textBody(BODY_SIZE_MAX)),
    }
  },

  alsoNeeds: ({ bucket, document }) =>
    document.objects.map(({ key }) => ({ action: 's3:DeleteObject', bucket, key })),

  async handle({ store }, { bucket, document }) {
    const planned = document.objects.map((entry) => ({ entry, ...plan(entry) }))
    const items = planned.flatMap(({ item }) => (item === null ? [] : [item]))
    const results = await store.deleteObjects(bucket, items)
    let next = 0
    const outcomes = planned.map(({ entry, item, error }): DeleteOutcome => {
      return { entry, error: item === null ? error : errorOf(results[next++]) }
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
  const key = parseObjectKey(entry.key)
  if (key === null) return { item: null, error: new S3Error('KeyTooLongError') }
  if (entry.versionId !== null && entry.versionId !== NULL_VERSION) {
    return { item: null, error: new S3Error('NoSuchVersion') }
  }
  if (entry.foreignCondition !== null) {
    const message = `${entry.foreignCondition} is a condition for directory buckets only.`
    return { item: null, error: new S3Error('NotImplemented', {}, { message }) }
  }
  return { item: itemOf(key, entry.etag), error: null }
}

function itemOf(key: ObjectKey, etag: string | null): DeleteItem {
  return etag === null ? { key } : { key, ifMatch: parseEtag(etag) }
}

function errorOf(result: DeleteItemResult | undefined): S3Error | null {
  if (result === undefined) return new S3Error('InternalError')
  return result.deleted ? null : toS3Error(result.error)
}
