import { element, xmlDocument } from '../../xml/write-xml.ts'
import { absent, constant, refusedPut, removed } from './not-configured.ts'

/** Storage class analysis: none can be set. */
export const getBucketAnalyticsConfiguration = absent(
  {
    name: 'GetBucketAnalyticsConfiguration',
    query: ['analytics', 'id'],
    action: 's3:GetAnalyticsConfiguration',
  },
  'NoSuchConfiguration',
)

export const listBucketAnalyticsConfigurations = constant(
  {
    name: 'ListBucketAnalyticsConfigurations',
    query: ['analytics'],
    action: 's3:GetAnalyticsConfiguration',
  },
  xmlDocument('ListBucketAnalyticsConfigurationResult', [element('IsTruncated', false)]),
)

export const putBucketAnalyticsConfiguration = refusedPut({
  name: 'PutBucketAnalyticsConfiguration',
  query: ['analytics'],
  action: 's3:PutAnalyticsConfiguration',
})

export const deleteBucketAnalyticsConfiguration = removed({
  name: 'DeleteBucketAnalyticsConfiguration',
  query: ['analytics'],
  action: 's3:PutAnalyticsConfiguration',
})
