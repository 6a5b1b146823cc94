import type { Operation, Route } from '../operation.ts'
import { refused } from './bucket-config/not-configured.ts'

function row(name: string, action: string, route: Route): Operation {
  return refused({ name, action: `s3:${action}`, route })
}

/** Operations of S3 that are known, so that they are refused by name and never taken for others. */
export const notImplementedOperations: readonly Operation[] = [
  row('CreateSession', 'CreateSession', { method: 'GET', resource: 'bucket', query: ['session'] }),
  row('GetBucketAbac', 'GetBucketAbac', { method: 'GET', resource: 'bucket', query: ['abac'] }),
  row('PutBucketAbac', 'PutBucketAbac', { method: 'PUT', resource: 'bucket', query: ['abac'] }),
  row('CreateBucketMetadataConfiguration', 'CreateBucketMetadataTableConfiguration', {
    method: 'POST',
    resource: 'bucket',
    query: ['metadataConfiguration'],
  }),
  row('GetBucketMetadataConfiguration', 'GetBucketMetadataTableConfiguration', {
    method: 'GET',
    resource: 'bucket',
    query: ['metadataConfiguration'],
  }),
  row('DeleteBucketMetadataConfiguration', 'DeleteBucketMetadataTableConfiguration', {
    method: 'DELETE',
    resource: 'bucket',
    query: ['metadataConfiguration'],
  }),
  row('GetObjectTorrent', 'GetObjectTorrent', {
    method: 'GET',
    resource: 'object',
    query: ['torrent'],
  }),
  row('RestoreObject', 'RestoreObject', {
    method: 'POST',
    resource: 'object',
    query: ['restore'],
  }),
  row('SelectObjectContent', 'GetObject', {
    method: 'POST',
    resource: 'object',
    query: ['select'],
  }),
  row('RenameObject', 'RenameObject', {
    method: 'PUT',
    resource: 'object',
    query: ['renameObject'],
  }),
  row('UpdateObjectEncryption', 'UpdateObjectEncryption', {
    method: 'PUT',
    resource: 'object',
    query: ['encryption'],
  }),
]
