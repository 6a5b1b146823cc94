import type { ListPartsQuery, PartInfo, PartsPage } from '../object-store.ts'
import { partKey, partNumberOfPart, prefixRange } from '../rows/keys.ts'
import { decodePart } from '../rows/part-row.ts'
import type { StoreContext } from '../store-context.ts'
import { requireUpload, uploadInfo } from './find-upload.ts'
import { partInfo } from './upload-part.ts'

const PART_NUMBER_MAX = 10_000

export function listParts(context: StoreContext, query: ListPartsQuery): PartsPage {
  const { id, upload } = requireUpload(context, query)
  const info = uploadInfo(query.key, id, upload)
  const parts: PartInfo[] = []
  const page = { upload: info, parts }
  if (query.limit === 0 || query.afterPart >= PART_NUMBER_MAX) {
    return { ...page, isTruncated: false }
  }
  const start = partKey(id, query.afterPart + 1)
  const { end } = prefixRange(partKey(id, 0).subarray(0, -2))
  for (const { key, value } of context.catalog.range({ start, end })) {
    if (parts.length === query.limit) return { ...page, isTruncated: true }
    const part = decodePart(value)
    const algorithm = upload.checksum?.algorithm ?? null
    parts.push(partInfo(partNumberOfPart(key), { ...part, size: part.ref?.size ?? 0 }, algorithm))
  }
  return { ...page, isTruncated: false }
}
