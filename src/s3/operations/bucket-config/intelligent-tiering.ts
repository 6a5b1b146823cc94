import { element, xmlDocument } from '../../xml/write-xml.ts'
import { absent, constant, refusedPut, removed } from './not-configured.ts'

/** Intelligent tiering: none can be set. */
export const getBucketIntelligentTieringConfiguration = absent(
  {
    name: 'GetBucketIntelligentTieringConfiguration',
    query: ['intelligent-tiering', 'id'],
    action: 's3:GetIntelligentTieringConfiguration',
  },
  'NoSuchConfiguration',
)

export const listBucketIntelligentTieringConfigurations = constant(
  {
    name: 'ListBucketIntelligentTieringConfigurations',
    query: ['intelligent-tiering'],
    action: 's3:GetIntelligentTieringConfiguration',
  },
  xmlDocument('ListBucketIntelligentTieringConfigurationsResult', [element('IsTruncated', false)]),
)

export const putBucketIntelligentTieringConfiguration = refusedPut({
  name: 'PutBucketIntelligentTieringConfiguration',
  query: ['intelligent-tiering'],
  action: 's3:PutIntelligentTieringConfiguration',
})

export const deleteBucketIntelligentTieringConfiguration = removed({
  name: 'DeleteBucketIntelligentTieringConfiguration',
  query: ['intelligent-tiering'],
  action: 's3:PutIntelligentTieringConfiguration',
})
