import { absent, refusedPut, removed } from './not-configured.ts'

/** Bucket policy: none can be set yet. */
export const getBucketPolicy = absent(
  { name: 'GetBucketPolicy', query: ['policy'], action: 's3:GetBucketPolicy' },
  'NoSuchBucketPolicy',
)

export const putBucketPolicy = refusedPut({
  name: 'PutBucketPolicy',
  query: ['policy'],
  action: 's3:PutBucketPolicy',
})

export const deleteBucketPolicy = removed({
  name: 'DeleteBucketPolicy',
  query: ['policy'],
  action: 's3:DeleteBucketPolicy',
})

export const getBucketPolicyStatus = absent(
  { name: 'GetBucketPolicyStatus', query: ['policyStatus'], action: 's3:GetBucketPolicyStatus' },
  'NoSuchBucketPolicy',
)
