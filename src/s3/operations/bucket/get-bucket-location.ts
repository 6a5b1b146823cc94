import { operation } from '../../operation.ts'
import { xmlReply } from '../../replies.ts'
import { requireBucket } from '../../resource-names.ts'
import { locationConstraint } from '../../xml/location-constraint.ts'

/** GetBucketLocation: the bucket's region. */
export const getBucketLocation = operation({
  name: 'GetBucketLocation',
  route: { method: 'GET', resource: 'bucket', query: ['location'] },
  action: 's3:GetBucketLocation',
  decode: (request) => requireBucket(request.bucket),
  async handle({ store }, bucket) {
    return xmlReply(locationConstraint((await store.getBucket(bucket)).region))
  },
})
