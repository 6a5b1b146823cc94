/** Uploads in progress, their parts, and what counts them. */
import { counterValue } from '../../catalog/catalog.ts'
import {
  nameOfUpload,
  partChangeKey,
  removedBucketKey,
  spaces,
  uploadIdOfUpload,
} from '../../store/rows/keys.ts'
import { decodePart } from '../../store/rows/part-row.ts'
import { decodeUpload } from '../../store/rows/upload-row.ts'
import { keyName, type RowContext } from './row-context.ts'

interface FoundUpload {
  readonly bucketId: number
  readonly where: string
  partCount: number
}

export function checkUploads(context: RowContext): void {
  const uploads = new Map<string, FoundUpload>()
  for (const { key, value } of context.rows(spaces.upload)) {
    const bucketId = key.readUInt32BE(1)
    const where = `upload of ${context.bucketName(bucketId)}/${nameOfUpload(key).toString()}`
    const isRemoved = context.catalog.get(removedBucketKey(bucketId)) !== null
    if (!context.buckets.has(bucketId) && !isRemoved) {
      context.damage('row', where, 'its bucket is not there')
    }
    uploads.set(uploadIdOfUpload(key).toString('hex'), { bucketId, where, partCount: 0 })
    context.sums.uploads += 1
    context.count(bucketId, 'uploads', 1)
    context.decoding(key, () => decodeUpload(value))
  }
  context.eachRow(spaces.part, ({ key, value }) => {
    const upload = uploads.get(key.toString('hex', 1, 17))
    if (upload === undefined) context.damage('row', keyName(key), 'a part of no upload')
    else upload.partCount += 1
    const { ref } = decodePart(value)
    if (ref !== null) context.name(upload?.where ?? keyName(key), ref)
    if (upload !== undefined) context.count(upload.bucketId, 'partBytes', ref?.size ?? 0)
  })
  for (const { key } of context.rows(spaces.partChange)) {
    if (uploads.has(key.toString('hex', 1))) continue
    context.damage('row', keyName(key), 'counts the parts of no upload')
  }
  for (const [id, { where, partCount }] of uploads) {
    const counter = counterValue(context.catalog.get(partChangeKey(Buffer.from(id, 'hex'))))
    if (counter >= partCount) continue
    context.damage('counter', where, `has ${partCount} parts, and ${counter} were counted`)
  }
}
