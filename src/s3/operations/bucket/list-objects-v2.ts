import { decodeToken, encodeToken } from '../../continuation-token.ts'
import { decodeListing } from '../../listing.ts'
import { operation } from '../../operation.ts'
import { xmlReply } from '../../replies.ts'
import { listBucketResultV2 } from '../../xml/list-bucket-result.ts'

/** ListObjectsV2: pages by an opaque token; start-after counts on the first page only. */
export const listObjectsV2 = operation({
  name: 'ListObjectsV2',
  route: { method: 'GET', resource: 'bucket', query: ['list-type=2'] },
  action: 's3:ListBucket',
  acl: 'list',

  decode(request) {
    const { query } = request
    const continuationToken = query.get('continuation-token')
    const startAfter = query.get('start-after')
    const isFirst = continuationToken === null || continuationToken === ''
    return {
      ...decodeListing(request, 'max-keys'),
      continuationToken,
      startAfter,
      fetchOwner: query.get('fetch-owner') === 'true',
      after: isFirst ? (startAfter ?? '') : decodeToken(continuationToken),
    }
  },

  async handle({ store }, query) {
    const { bucket, prefix, delimiter, limit, after } = query
    const page = await store.listObjects({ bucket, prefix, delimiter, limit, after })
    const next = page.isTruncated && page.last !== null ? encodeToken(page.last) : null
    return xmlReply(listBucketResultV2(query, page, next))
  },
})
