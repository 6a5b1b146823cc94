import { xmlDocument } from '../../xml/write-xml.ts'
import { constant } from './not-configured.ts'
import { putOff } from './switched-off.ts'

/** Server access logging into a bucket: off. */
export const getBucketLogging = constant(
  { name: 'GetBucketLogging', query: ['logging'], action: 's3:GetBucketLogging' },
  xmlDocument('BucketLoggingStatus', []),
)

export const putBucketLogging = putOff({
  name: 'PutBucketLogging',
  subresource: 'logging',
  action: 's3:PutBucketLogging',
  root: 'BucketLoggingStatus',
  isOff: (document) => document.children.length === 0,
})
