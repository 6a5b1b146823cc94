import { element, xmlDocument } from '../../xml/write-xml.ts'
import { absent, constant, refusedPut, removed } from './not-configured.ts'

/** Inventory: none can be set. */
export const getBucketInventoryConfiguration = absent(
  {
    name: 'GetBucketInventoryConfiguration',
    query: ['inventory', 'id'],
    action: 's3:GetInventoryConfiguration',
  },
  'NoSuchConfiguration',
)

export const listBucketInventoryConfigurations = constant(
  {
    name: 'ListBucketInventoryConfigurations',
    query: ['inventory'],
    action: 's3:GetInventoryConfiguration',
  },
  xmlDocument('ListInventoryConfigurationsResult', [element('IsTruncated', false)]),
)

export const putBucketInventoryConfiguration = refusedPut({
  name: 'PutBucketInventoryConfiguration',
  query: ['inventory'],
  action: 's3:PutInventoryConfiguration',
})

export const deleteBucketInventoryConfiguration = removed({
  name: 'DeleteBucketInventoryConfiguration',
  query: ['inventory'],
  action: 's3:PutInventoryConfiguration',
})
