import { absent, refusedPut, removed } from './not-configured.ts'

/** Static website: none can be set yet. */
export const getBucketWebsite = absent(
  { name: 'GetBucketWebsite', query: ['website'], action: 's3:GetBucketWebsite' },
  'NoSuchWebsiteConfiguration',
)

export const putBucketWebsite = refusedPut({
  name: 'PutBucketWebsite',
  query: ['website'],
  action: 's3:PutBucketWebsite',
})

export const deleteBucketWebsite = removed({
  name: 'DeleteBucketWebsite',
  query: ['website'],
  action: 's3:DeleteBucketWebsite',
})
