import { absent, refusedPut, removed } from './not-configured.ts'

/** Lifecycle rules: none can be set yet. */
export const getBucketLifecycleConfiguration = absent(
  {
    name: 'GetBucketLifecycleConfiguration',
    query: ['lifecycle'],
    action: 's3:GetLifecycleConfiguration',
  },
  'NoSuchLifecycleConfiguration',
)

export const putBucketLifecycleConfiguration = refusedPut({
  name: 'PutBucketLifecycleConfiguration',
  query: ['lifecycle'],
  action: 's3:PutLifecycleConfiguration',
})

export const deleteBucketLifecycle = removed({
  name: 'DeleteBucketLifecycle',
  query: ['lifecycle'],
  action: 's3:PutLifecycleConfiguration',
})
