import { S3Error } from '../../errors.ts'
import { operation } from '../../operation.ts'
import { emptyReply, noContent, xmlReply } from '../../replies.ts'
import { requireBucket } from '../../resource-names.ts'
import { publicAccessBlock, readPublicAccessBlock } from '../../xml/public-access-block.ts'

const BODY_SIZE_MAX = 64 * 1024
const QUERY = ['publicAccessBlock']

/** GetPublicAccessBlock: what keeps ACLs and policies from opening the bucket. */
export const getPublicAccessBlock = operation({
  name: 'GetPublicAccessBlock',
  route: { method: 'GET', resource: 'bucket', query: QUERY },
  action: 's3:GetBucketPublicAccessBlock',
  decode: (request) => requireBucket(request.bucket),
  async handle({ store }, bucket) {
    const block = await store.getBucketConfig(bucket, 'publicAccessBlock')
    if (block === null) {
      throw new S3Error('NoSuchPublicAccessBlockConfiguration', { BucketName: bucket })
    }
    return xmlReply(publicAccessBlock(block))
  },
})

/** PutPublicAccessBlock: what is not named is not blocked. */
export const putPublicAccessBlock = operation({
  name: 'PutPublicAccessBlock',
  route: { method: 'PUT', resource: 'bucket', query: QUERY },
  action: 's3:PutBucketPublicAccessBlock',
  async decode(request) {
    const bucket = requireBucket(request.bucket)
    return { bucket, block: readPublicAccessBlock(await request.textBody(BODY_SIZE_MAX)) }
  },
  async handle({ store }, { bucket, block }) {
    await store.putBucketConfig(bucket, 'publicAccessBlock', block)
    return emptyReply()
  },
})

/** DeletePublicAccessBlock: blocks nothing any more. */
export const deletePublicAccessBlock = operation({
  name: 'DeletePublicAccessBlock',
  route: { method: 'DELETE', resource: 'bucket', query: QUERY },
  action: 's3:PutBucketPublicAccessBlock',
  decode: (request) => requireBucket(request.bucket),
  async handle({ store }, bucket) {
    await store.deleteBucketConfig(bucket, 'publicAccessBlock')
    return noContent()
  },
})
