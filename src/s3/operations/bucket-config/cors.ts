import { S3Error } from '../../errors.ts'
import { operation } from '../../operation.ts'
import { emptyReply, noContent, xmlReply } from '../../replies.ts'
import { requireBucket } from '../../resource-names.ts'
import { corsConfiguration, readCorsConfiguration } from '../../xml/cors-configuration.ts'

/** AWS API Reference, PutBucketCors. */
const BODY_SIZE_MAX = 64 * 1024
const QUERY = ['cors']

/** GetBucketCors: the rules, in the order they are tried. */
export const getBucketCors = operation({
  name: 'GetBucketCors',
  route: { method: 'GET', resource: 'bucket', query: QUERY },
  action: 's3:GetBucketCORS',
  decode: (request) => requireBucket(request.bucket),
  async handle({ store }, bucket) {
    const rules = await store.getBucketConfig(bucket, 'cors')
    if (rules === null) throw new S3Error('NoSuchCORSConfiguration', { BucketName: bucket })
    return xmlReply(corsConfiguration(rules))
  },
})

/** PutBucketCors: which pages of other origins a browser lets read replies. */
export const putBucketCors = operation({
  name: 'PutBucketCors',
  route: { method: 'PUT', resource: 'bucket', query: QUERY },
  action: 's3:PutBucketCORS',
  async decode(request) {
    const bucket = requireBucket(request.bucket)
    return { bucket, rules: readCorsConfiguration(await request.textBody(BODY_SIZE_MAX)) }
  },
  async handle({ store }, { bucket, rules }) {
    await store.putBucketConfig(bucket, 'cors', rules)
    return emptyReply()
  },
})

/** DeleteBucketCors: pages of other origins read nothing any more. */
export const deleteBucketCors = operation({
  name: 'DeleteBucketCors',
  route: { method: 'DELETE', resource: 'bucket', query: QUERY },
  action: 's3:PutBucketCORS',
  decode: (request) => requireBucket(request.bucket),
  async handle({ store }, bucket) {
    await store.deleteBucketConfig(bucket, 'cors')
    return noContent()
  },
})
