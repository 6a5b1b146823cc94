import { xmlDocument } from '../../xml/write-xml.ts'
import { constant, refusedPut } from './not-configured.ts'

/** Versioning: never enabled, which S3 says with an empty document. */
export const getBucketVersioning = constant(
  { name: 'GetBucketVersioning', query: ['versioning'], action: 's3:GetBucketVersioning' },
  xmlDocument('VersioningConfiguration', []),
)

export const putBucketVersioning = refusedPut({
  name: 'PutBucketVersioning',
  query: ['versioning'],
  action: 's3:PutBucketVersioning',
})
