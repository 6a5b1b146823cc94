import { absent, refusedPut, removed } from './not-configured.ts'

/** Public access block: nothing is public, and nothing can be made so yet. */
export const getPublicAccessBlock = absent(
  {
    name: 'GetPublicAccessBlock',
    query: ['publicAccessBlock'],
    action: 's3:GetBucketPublicAccessBlock',
  },
  'NoSuchPublicAccessBlockConfiguration',
)

export const putPublicAccessBlock = refusedPut({
  name: 'PutPublicAccessBlock',
  query: ['publicAccessBlock'],
  action: 's3:PutBucketPublicAccessBlock',
})

export const deletePublicAccessBlock = removed({
  name: 'DeletePublicAccessBlock',
  query: ['publicAccessBlock'],
  action: 's3:PutBucketPublicAccessBlock',
})
