import { isPublicAcl } from '../../../model/acl.ts'
import { areAclsHeeded } from '../../../store/bucket-config.ts'
import { S3Error } from '../../errors.ts'
import { operation } from '../../operation.ts'
import { xmlReply } from '../../replies.ts'
import { requireBucket } from '../../resource-names.ts'
import { element, xmlDocument } from '../../xml/write-xml.ts'
import { absent, refusedPut, removed } from './not-configured.ts'

/** Bucket policy: none can be set yet. */
export const getBucketPolicy = absent(
  { name: 'GetBucketPolicy', query: ['policy'], action: 's3:GetBucketPolicy' },
  'NoSuchBucketPolicy',
)

export const putBucketPolicy = refusedPut({
  name: 'PutBucketPolicy',
  query: ['policy'],
  action: 's3:PutBucketPolicy',
})

export const deleteBucketPolicy = removed({
  name: 'DeleteBucketPolicy',
  query: ['policy'],
  action: 's3:DeleteBucketPolicy',
})

/** GetBucketPolicyStatus: public by its ACL; a bucket that is not has no policy to tell of. */
export const getBucketPolicyStatus = operation({
  name: 'GetBucketPolicyStatus',
  route: { method: 'GET', resource: 'bucket', query: ['policyStatus'] },
  action: 's3:GetBucketPolicyStatus',
  decode: (request) => requireBucket(request.bucket),
  async handle({ store }, bucket) {
    const access = await store.getBucketAccess(bucket)
    if (!areAclsHeeded(access) || !isPublicAcl(access.acl)) {
      throw new S3Error('NoSuchBucketPolicy', { BucketName: bucket })
    }
    return xmlReply(xmlDocument('PolicyStatus', [element('IsPublic', true)]))
  },
})
