import { operation } from '../../operation.ts'
import { emptyReply } from '../../replies.ts'
import { requireBucket } from '../../resource-names.ts'

/** HeadBucket: whether it is there, and where. */
export const headBucket = operation({
  name: 'HeadBucket',
  route: { method: 'HEAD', resource: 'bucket' },
  action: 's3:ListBucket',
  acl: 'list',
  tellsRegion: true,
  decode: (request) => requireBucket(request.bucket),
  async handle({ store, region }, bucket) {
    await store.getBucket(bucket)
    return emptyReply({
      'content-type': 'application/xml',
      'x-amz-bucket-region': region,
      'x-amz-access-point-alias': 'false',
    })
  },
})
