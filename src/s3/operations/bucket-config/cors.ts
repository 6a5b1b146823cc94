import { absent, refusedPut, removed } from './not-configured.ts'

/** CORS rules: none can be set yet. */
export const getBucketCors = absent(
  { name: 'GetBucketCors', query: ['cors'], action: 's3:GetBucketCORS' },
  'NoSuchCORSConfiguration',
)

export const putBucketCors = refusedPut({
  name: 'PutBucketCors',
  query: ['cors'],
  action: 's3:PutBucketCORS',
})

export const deleteBucketCors = removed({
  name: 'DeleteBucketCors',
  query: ['cors'],
  action: 's3:PutBucketCORS',
})
