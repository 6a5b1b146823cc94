import { S3Error } from '../../errors.ts'
import { operation, type Route } from '../../operation.ts'
import { requireObject } from '../../resource-names.ts'

/** Retention and legal hold: S3's answer in a bucket whose Object Lock was never enabled. */
function withoutLock(name: string, method: Route['method'], subresource: string) {
  return operation({
    name,
    route: { method, resource: 'object', query: [subresource] },
    action: `s3:${name}`,
    support: 'neutral',
    decode: requireObject,
    async handle({ store }, { bucket }) {
      await store.getBucket(bucket)
      const message = 'Bucket is missing Object Lock Configuration'
      throw new S3Error('InvalidRequest', {}, { message })
    },
  })
}

export const getObjectRetention = withoutLock('GetObjectRetention', 'GET', 'retention')
export const putObjectRetention = withoutLock('PutObjectRetention', 'PUT', 'retention')
export const getObjectLegalHold = withoutLock('GetObjectLegalHold', 'GET', 'legal-hold')
export const putObjectLegalHold = withoutLock('PutObjectLegalHold', 'PUT', 'legal-hold')
