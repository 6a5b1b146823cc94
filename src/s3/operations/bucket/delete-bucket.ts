import { operation } from '../../operation.ts'
import { noContent } from '../../replies.ts'
import { requireBucket } from '../../resource-names.ts'

/** DeleteBucket: only an empty one. */
export const deleteBucket = operation({
  name: 'DeleteBucket',
  route: { method: 'DELETE', resource: 'bucket' },
  action: 's3:DeleteBucket',
  decode: (request) => requireBucket(request.bucket),
  async handle({ store }, bucket) {
    await store.deleteBucket(bucket)
    return noContent()
  },
})
