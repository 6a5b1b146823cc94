import { sliceBody } from '../body-slices.ts'
import { requireCopyConditions } from '../conditions.ts'
import { StoreError } from '../errors.ts'
import { requireBucket } from '../find-bucket.ts'
import { requireVersion } from '../find-version.ts'
import { shownVersionId } from '../object-info.ts'
import type { CopiedPart, ResolvedRange, UploadPartCopyInput } from '../object-store.ts'
import { openBody } from '../open-body.ts'
import { decodeObject, type ObjectFields } from '../rows/object-row.ts'
import type { StoreContext } from '../store-context.ts'
import { uploadPart } from './upload-part.ts'

/** Reads a range of an object and stores it as a part: parts never share blobs with objects. */
export async function uploadPartCopy(
  context: StoreContext,
  input: UploadPartCopyInput,
): Promise<CopiedPart> {
  const { source, bucket, key, uploadId, partNumber, signal } = input
  const { catalog } = context
  const sourceBucket = requireBucket(catalog, source.bucket)
  const object = decodeObject(requireVersion((row) => catalog.get(row), sourceBucket, source).row)
  requireCopyConditions(object, source.conditions)
  const range = copyRange(input, object)
  const stream = await openBody(context, sliceBody(catalog, object, range), signal)
  try {
    const size = range.end - range.start
    const body = { stream, size, contentMd5: null, checksum: null, signal }
    const part = await uploadPart(context, { bucket, key, uploadId, partNumber, body })
    return { sourceVersionId: shownVersionId(sourceBucket, object.version), ...part }
  } finally {
    await stream.return?.()
  }
}

/** Unlike a read, a copy is refused when its range reaches past the end, as on S3. */
function copyRange({ range }: UploadPartCopyInput, object: ObjectFields): ResolvedRange {
  if (range === null) return { start: 0, end: object.size }
  if (range.start > range.end || range.end >= object.size) {
    const detail = { size: String(object.size) }
    throw new StoreError('range-not-satisfiable', undefined, detail)
  }
  return { start: range.start, end: range.end + 1 }
}
