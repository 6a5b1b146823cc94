import { S3Error } from '../../errors.ts'
import { operation } from '../../operation.ts'
import { emptyReply, noContent, xmlReply } from '../../replies.ts'
import { requireBucket } from '../../resource-names.ts'
import { ownershipControls, readOwnershipControls } from '../../xml/ownership-controls.ts'

const BODY_SIZE_MAX = 64 * 1024
const QUERY = ['ownershipControls']

/** GetBucketOwnershipControls: whether ACLs count in the bucket. */
export const getBucketOwnershipControls = operation({
  name: 'GetBucketOwnershipControls',
  route: { method: 'GET', resource: 'bucket', query: QUERY },
  action: 's3:GetBucketOwnershipControls',
  decode: (request) => requireBucket(request.bucket),
  async handle({ store }, bucket) {
    const ownership = await store.getBucketConfig(bucket, 'ownership')
    if (ownership === null) {
      throw new S3Error('OwnershipControlsNotFoundError', { BucketName: bucket })
    }
    return xmlReply(ownershipControls(ownership))
  },
})

/** PutBucketOwnershipControls: disables ACLs, or has them count. */
export const putBucketOwnershipControls = operation({
  name: 'PutBucketOwnershipControls',
  route: { method: 'PUT', resource: 'bucket', query: QUERY },
  action: 's3:PutBucketOwnershipControls',
  async decode(request) {
    const bucket = requireBucket(request.bucket)
    return { bucket, ownership: readOwnershipControls(await request.textBody(BODY_SIZE_MAX)) }
  },
  async handle({ store }, { bucket, ownership }) {
    await store.putBucketConfig(bucket, 'ownership', ownership)
    return emptyReply()
  },
})

/** DeleteBucketOwnershipControls: without any, ACLs count. */
export const deleteBucketOwnershipControls = operation({
  name: 'DeleteBucketOwnershipControls',
  route: { method: 'DELETE', resource: 'bucket', query: QUERY },
  action: 's3:PutBucketOwnershipControls',
  decode: (request) => requireBucket(request.bucket),
  async handle({ store }, bucket) {
    await store.deleteBucketConfig(bucket, 'ownership')
    return noContent()
  },
})
