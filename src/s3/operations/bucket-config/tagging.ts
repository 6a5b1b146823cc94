import { absent, refusedPut, removed } from './not-configured.ts'

/** Tags of a bucket: none can be set yet. */
export const getBucketTagging = absent(
  { name: 'GetBucketTagging', query: ['tagging'], action: 's3:GetBucketTagging' },
  'NoSuchTagSet',
)

export const putBucketTagging = refusedPut({
  name: 'PutBucketTagging',
  query: ['tagging'],
  action: 's3:PutBucketTagging',
})

export const deleteBucketTagging = removed({
  name: 'DeleteBucketTagging',
  query: ['tagging'],
  action: 's3:PutBucketTagging',
})
