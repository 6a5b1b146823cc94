import { absent, refusedPut, removed } from './not-configured.ts'

/** Replication rules: none can be set yet. */
export const getBucketReplication = absent(
  {
    name: 'GetBucketReplication',
    query: ['replication'],
    action: 's3:GetReplicationConfiguration',
  },
  'ReplicationConfigurationNotFoundError',
)

export const putBucketReplication = refusedPut({
  name: 'PutBucketReplication',
  query: ['replication'],
  action: 's3:PutReplicationConfiguration',
})

export const deleteBucketReplication = removed({
  name: 'DeleteBucketReplication',
  query: ['replication'],
  action: 's3:PutReplicationConfiguration',
})
