import { absent, refusedPut } from './not-configured.ts'

/** Object Lock of a bucket: it cannot be enabled yet. */
export const getObjectLockConfiguration = absent(
  {
    name: 'GetObjectLockConfiguration',
    query: ['object-lock'],
    action: 's3:GetBucketObjectLockConfiguration',
  },
  'ObjectLockConfigurationNotFoundError',
)

export const putObjectLockConfiguration = refusedPut({
  name: 'PutObjectLockConfiguration',
  query: ['object-lock'],
  action: 's3:PutBucketObjectLockConfiguration',
})
