import { S3Error } from '../../errors.ts'
import { operation } from '../../operation.ts'
import { noContent, xmlReply } from '../../replies.ts'
import { requireBucket } from '../../resource-names.ts'
import { BUCKET_TAGS_MAX, checkTags } from '../../wire/tags.ts'
import { readTagging, tagging } from '../../xml/tagging.ts'

const BODY_SIZE_MAX = 64 * 1024
const QUERY = ['tagging']

/** GetBucketTagging: of a bucket without tags, NoSuchTagSet. */
export const getBucketTagging = operation({
  name: 'GetBucketTagging',
  route: { method: 'GET', resource: 'bucket', query: QUERY },
  action: 's3:GetBucketTagging',
  decode: (request) => requireBucket(request.bucket),
  async handle({ store }, bucket) {
    const tags = await store.getBucketConfig(bucket, 'tags')
    if (tags === null) throw new S3Error('NoSuchTagSet', { BucketName: bucket })
    return xmlReply(tagging(tags))
  },
})

/** PutBucketTagging: replaces the whole set. */
export const putBucketTagging = operation({
  name: 'PutBucketTagging',
  route: { method: 'PUT', resource: 'bucket', query: QUERY },
  action: 's3:PutBucketTagging',
  async decode(request) {
    const bucket = requireBucket(request.bucket)
    const tags = readTagging(await request.textBody(BODY_SIZE_MAX))
    return { bucket, tags: checkTags(tags, BUCKET_TAGS_MAX) }
  },
  async handle({ store }, { bucket, tags }) {
    await store.putBucketConfig(bucket, 'tags', tags)
    return noContent()
  },
})

/** DeleteBucketTagging: removes the whole set. */
export const deleteBucketTagging = operation({
  name: 'DeleteBucketTagging',
  route: { method: 'DELETE', resource: 'bucket', query: QUERY },
  action: 's3:PutBucketTagging',
  decode: (request) => requireBucket(request.bucket),
  async handle({ store }, bucket) {
    await store.deleteBucketConfig(bucket, 'tags')
    return noContent()
  },
})
