import { decodeListing } from '../../listing.ts'
import { operation } from '../../operation.ts'
import { xmlReply } from '../../replies.ts'
import { listBucketResultV1 } from '../../xml/list-bucket-result.ts'

/** ListObjects: the first version, which s3cmd, s3fs and others still speak. */
export const listObjects = operation({
  name: 'ListObjects',
  route: { method: 'GET', resource: 'bucket' },
  action: 's3:ListBucket',
  acl: 'list',

  decode: (request) => ({
    ...decodeListing(request, 'max-keys'),
    marker: request.query.get('marker') ?? '',
  }),

  async handle({ store }, query) {
    const { bucket, prefix, delimiter, limit, marker } = query
    const page = await store.listObjects({ bucket, prefix, delimiter, limit, after: marker })
    return xmlReply(listBucketResultV1(query, page))
  },
})
