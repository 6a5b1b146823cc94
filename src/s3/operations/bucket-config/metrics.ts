import { element, xmlDocument } from '../../xml/write-xml.ts'
import { absent, constant, refusedPut, removed } from './not-configured.ts'

/** Request metrics: none can be set. */
export const getBucketMetricsConfiguration = absent(
  {
    name: 'GetBucketMetricsConfiguration',
    query: ['metrics', 'id'],
    action: 's3:GetMetricsConfiguration',
  },
  'NoSuchConfiguration',
)

export const listBucketMetricsConfigurations = constant(
  {
    name: 'ListBucketMetricsConfigurations',
    query: ['metrics'],
    action: 's3:GetMetricsConfiguration',
  },
  xmlDocument('ListMetricsConfigurationsResult', [element('IsTruncated', false)]),
)

export const putBucketMetricsConfiguration = refusedPut({
  name: 'PutBucketMetricsConfiguration',
  query: ['metrics'],
  action: 's3:PutMetricsConfiguration',
})

export const deleteBucketMetricsConfiguration = removed({
  name: 'DeleteBucketMetricsConfiguration',
  query: ['metrics'],
  action: 's3:PutMetricsConfiguration',
})
