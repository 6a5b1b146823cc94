import { S3Error } from '../../errors.ts'
import { type DecodeRequest, operation } from '../../operation.ts'
import { refuseAclHeaders } from '../../refused-headers.ts'
import { emptyReply, xmlReply } from '../../replies.ts'
import { requireBucket, requireObject } from '../../resource-names.ts'
import { versionParameter } from '../../version-id.ts'
import { isOwnerOnly, ownerOnlyPolicy } from '../../xml/access-control-policy.ts'

const BODY_SIZE_MAX = 64 * 1024
const QUERY = ['acl']

/** GetBucketAcl: the owner has everything, nobody else anything. */
export const getBucketAcl = operation({
  name: 'GetBucketAcl',
  route: { method: 'GET', resource: 'bucket', query: QUERY },
  action: 's3:GetBucketAcl',
  support: 'neutral',
  decode: (request) => requireBucket(request.bucket),
  async handle({ store }, bucket) {
    await store.getBucket(bucket)
    return xmlReply(ownerOnlyPolicy())
  },
})

/** PutBucketAcl: takes what is so already, refuses what would give others anything. */
export const putBucketAcl = operation({
  name: 'PutBucketAcl',
  route: { method: 'PUT', resource: 'bucket', query: QUERY },
  action: 's3:PutBucketAcl',
  support: 'neutral',
  async decode(request) {
    const bucket = requireBucket(request.bucket)
    await refuseGrants(request)
    return bucket
  },
  async handle({ store }, bucket) {
    await store.getBucket(bucket)
    return emptyReply()
  },
})

/** GetObjectAcl: as GetBucketAcl. */
export const getObjectAcl = operation({
  name: 'GetObjectAcl',
  route: { method: 'GET', resource: 'object', query: QUERY },
  action: 's3:GetObjectAcl',
  support: 'neutral',
  decode: decodeObject,
  async handle({ store, signal }, object) {
    await store.headObject({ ...object, conditions: {}, signal })
    return xmlReply(ownerOnlyPolicy())
  },
})

/** PutObjectAcl: as PutBucketAcl. */
export const putObjectAcl = operation({
  name: 'PutObjectAcl',
  route: { method: 'PUT', resource: 'object', query: QUERY },
  action: 's3:PutObjectAcl',
  support: 'neutral',
  async decode(request) {
    const object = decodeObject(request)
    await refuseGrants(request)
    return object
  },
  async handle({ store, signal }, object) {
    await store.headObject({ ...object, conditions: {}, signal })
    return emptyReply()
  },
})

function decodeObject(request: DecodeRequest) {
  versionParameter(request.query)
  return requireObject(request)
}

async function refuseGrants(request: DecodeRequest): Promise<void> {
  refuseAclHeaders(request.headers)
  const body = await request.textBody(BODY_SIZE_MAX)
  if (body.trim() === '') {
    if (request.headers.get('x-amz-acl') !== null) return
    throw new S3Error('MissingSecurityHeader', { MissingHeaderName: 'x-amz-acl' })
  }
  if (!isOwnerOnly(body)) throw new S3Error('AccessControlListNotSupported')
}
