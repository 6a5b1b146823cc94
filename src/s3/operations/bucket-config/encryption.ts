import { absent, refusedPut, removed } from './not-configured.ts'

/**
 * Default encryption. AWS encrypts every bucket and says so; here nothing is encrypted, and saying
 * AES256 would be a lie somebody relies on.
 */
export const getBucketEncryption = absent(
  { name: 'GetBucketEncryption', query: ['encryption'], action: 's3:GetEncryptionConfiguration' },
  'ServerSideEncryptionConfigurationNotFoundError',
)

export const putBucketEncryption = refusedPut({
  name: 'PutBucketEncryption',
  query: ['encryption'],
  action: 's3:PutEncryptionConfiguration',
})

export const deleteBucketEncryption = removed({
  name: 'DeleteBucketEncryption',
  query: ['encryption'],
  action: 's3:PutEncryptionConfiguration',
})
