import type { Catalog, Entry, KeyRange } from '../../catalog/catalog.ts'
import type { ObjectKey } from '../../model/object-key.ts'
import { requireBucket } from '../find-bucket.ts'
import {
  commonPrefix,
  type ListCursor,
  type Named,
  takePage,
  type WalkQuery,
  type WalkStep,
  walk,
} from '../list-walk.ts'
import type { ListUploadsQuery, UploadInfo, UploadsPage } from '../object-store.ts'
import {
  bucketSpaceRange,
  nameOfUpload,
  prefixRange,
  spaces,
  uploadIdOfUpload,
  uploadPosition,
} from '../rows/keys.ts'
import { decodeUpload } from '../rows/upload-row.ts'
import type { StoreContext } from '../store-context.ts'
import { uploadInfo } from './find-upload.ts'
import { parseUploadId } from './upload-ids.ts'

interface ListedUpload extends Named {
  readonly id: Buffer
  readonly row: Buffer
}

/** Uploads by key, those of one key by id, which is by the time they began. */
export function listUploads(context: StoreContext, query: ListUploadsQuery): UploadsPage {
  const { id } = requireBucket(context.catalog, query.bucket)
  const page = takePage(uploadSteps(context.catalog, id, query), query.limit)
  const uploads: UploadInfo[] = []
  const commonPrefixes: string[] = []
  let lastKey: string | null = null
  let lastUploadId: string | null = null
  for (const step of page.steps) {
    if (step.kind === 'item') {
      const { name, id, row } = step.item
      const upload = uploadInfo(name.toString('utf8') as ObjectKey, id, decodeUpload(row))
      uploads.push(upload)
      lastKey = upload.key
      lastUploadId = upload.uploadId
    } else {
      lastKey = step.name.toString('utf8')
      lastUploadId = null
      commonPrefixes.push(lastKey)
    }
  }
  return { uploads, commonPrefixes, isTruncated: page.isTruncated, lastKey, lastUploadId }
}

/** What is left of the uploads of the marker's own key, then the uploads of later keys. */
function* uploadSteps(
  catalog: Catalog,
  bucketId: number,
  query: ListUploadsQuery,
): Generator<WalkStep<ListedUpload>, void, void> {
  const walked: WalkQuery = {
    prefix: Buffer.from(query.prefix),
    delimiter: Buffer.from(query.delimiter),
    after: Buffer.from(query.afterKey),
  }
  const isShownByItself =
    query.afterKey.startsWith(query.prefix) && commonPrefix(walked.after, walked) === null
  if (query.afterKey !== '' && query.afterUploadId !== '' && isShownByItself) {
    const position = uploadPosition(bucketId, walked.after)
    // A marker that is no id is compared as text, from the first upload of the key on.
    const id = parseUploadId(query.afterUploadId)
    const start = id === null ? position : Buffer.concat([position, id])
    for (const item of listed(catalog, { start, end: prefixRange(position).end })) {
      if (item.id.toString('hex') > query.afterUploadId) yield { kind: 'item', item }
    }
  }
  yield* walk(uploadCursor(catalog, bucketId), walked)
}

function uploadCursor(catalog: Catalog, bucketId: number): ListCursor<ListedUpload> {
  const { end } = bucketSpaceRange(spaces.upload, bucketId)
  return { seek: (name) => listed(catalog, { start: uploadPosition(bucketId, name), end }) }
}

function* listed(catalog: Catalog, range: KeyRange): Generator<ListedUpload, void, void> {
  for (const entry of catalog.range(range)) yield listedUpload(entry)
}

function listedUpload({ key, value }: Entry): ListedUpload {
  return { name: nameOfUpload(key), id: uploadIdOfUpload(key), row: value }
}
