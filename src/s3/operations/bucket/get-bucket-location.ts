import { operation } from '../../operation.ts'
import { xmlReply } from '../../replies.ts'
import { requireBucket } from '../../resource-names.ts'
import { locationConstraint } from '../../xml/location-constraint.ts'

/**
 * GetBucketLocation: the region to sign for, which is the server's, also where a bucket was made
 * when that was another one.
 */
export const getBucketLocation = operation({
  name: 'GetBucketLocation',
  route: { method: 'GET', resource: 'bucket', query: ['location'] },
  action: 's3:GetBucketLocation',
  decode: (request) => requireBucket(request.bucket),
  async handle({ store, region }, bucket) {
    await store.getBucket(bucket)
    return xmlReply(locationConstraint(region))
  },
})
