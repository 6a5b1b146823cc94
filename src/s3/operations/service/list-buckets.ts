import { decodeToken, encodeToken } from '../../continuation-token.ts'
import { S3Error } from '../../errors.ts'
import { operation } from '../../operation.ts'
import { xmlReply } from '../../replies.ts'
import type { QueryParameters } from '../../request.ts'
import { listAllMyBucketsResult } from '../../xml/list-all-my-buckets.ts'

/** AWS API Reference, ListBuckets: without max-buckets up to this many come at once. */
const BUCKETS_MAX = 10_000
const PAGING = ['max-buckets', 'prefix', 'continuation-token', 'bucket-region']

/** ListBuckets: all buckets in the order of their names, in pages when asked. */
export const listBuckets = operation({
  name: 'ListBuckets',
  route: { method: 'GET', resource: 'service' },
  action: 's3:ListAllMyBuckets',

  decode({ query }) {
    const token = query.get('continuation-token')
    return {
      prefix: query.get('prefix'),
      after: token === null || token === '' ? '' : decodeToken(token),
      limit: parseMaxBuckets(query),
      region: query.get('bucket-region'),
      withRegion: PAGING.some((name) => query.has(name)),
    }
  },

  async handle({ store, region }, input) {
    const { prefix, after, limit, withRegion } = input
    const page = await store.listBuckets({ prefix: prefix ?? '', after, limit })
    const isElsewhere = input.region !== null && input.region !== region
    const last = page.buckets.at(-1)
    return xmlReply(
      listAllMyBucketsResult({
        buckets: isElsewhere ? [] : page.buckets,
        region: withRegion ? region : null,
        prefix,
        continuationToken: page.isTruncated && last !== undefined ? encodeToken(last.name) : null,
      }),
    )
  },
})

function parseMaxBuckets(query: QueryParameters): number {
  const text = query.get('max-buckets')
  if (text === null) return BUCKETS_MAX
  const count = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (count >= 1 && count <= BUCKETS_MAX) return count
  throw new S3Error(
    'InvalidArgument',
    { ArgumentName: 'max-buckets', ArgumentValue: text },
    { message: `Argument max-buckets must be an integer between 1 and ${BUCKETS_MAX}` },
  )
}
