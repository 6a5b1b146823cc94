import { xmlDocument } from '../../xml/write-xml.ts'
import { constant, refusedPut } from './not-configured.ts'

/** Transfer acceleration: never configured, which S3 says with an empty document. */
export const getBucketAccelerateConfiguration = constant(
  {
    name: 'GetBucketAccelerateConfiguration',
    query: ['accelerate'],
    action: 's3:GetAccelerateConfiguration',
  },
  xmlDocument('AccelerateConfiguration', []),
)

export const putBucketAccelerateConfiguration = refusedPut({
  name: 'PutBucketAccelerateConfiguration',
  query: ['accelerate'],
  action: 's3:PutAccelerateConfiguration',
})
