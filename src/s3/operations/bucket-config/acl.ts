import type { Acl } from '../../../model/acl.ts'
import type { BucketName } from '../../../model/bucket-name.ts'
import { S3Error } from '../../errors.ts'
import { type DecodeRequest, type OperationContext, operation } from '../../operation.ts'
import { emptyReply, xmlReply } from '../../replies.ts'
import { requireBucket, requireObject } from '../../resource-names.ts'
import { versionParameter } from '../../version-id.ts'
import { parseAclHeaders } from '../../wire/acl-headers.ts'
import { accessControlPolicy, readAccessControlPolicy } from '../../xml/access-control-policy.ts'

const BODY_SIZE_MAX = 64 * 1024
const QUERY = ['acl']

/** GetBucketAcl: who besides the owner may list the bucket or write into it. */
export const getBucketAcl = operation({
  name: 'GetBucketAcl',
  route: { method: 'GET', resource: 'bucket', query: QUERY },
  action: 's3:GetBucketAcl',
  decode: (request) => requireBucket(request.bucket),
  async handle({ store }, bucket) {
    const acl = await store.getBucketConfig(bucket, 'acl')
    return xmlReply(accessControlPolicy(acl ?? 'private'))
  },
})

/** PutBucketAcl: what a canned ACL expresses, by its name or as grants. */
export const putBucketAcl = operation({
  name: 'PutBucketAcl',
  route: { method: 'PUT', resource: 'bucket', query: QUERY },
  action: 's3:PutBucketAcl',
  async decode(request) {
    return { bucket: requireBucket(request.bucket), acl: await decodeAcl(request) }
  },
  async handle({ store }, { bucket, acl }) {
    await store.putBucketConfig(bucket, 'acl', acl)
    return emptyReply()
  },
})

/** GetObjectAcl: who besides the owner may read the object. */
export const getObjectAcl = operation({
  name: 'GetObjectAcl',
  route: { method: 'GET', resource: 'object', query: QUERY },
  action: 's3:GetObjectAcl',
  decode: decodeObject,
  async handle(context, object) {
    const { store, signal } = context
    const { attributes } = await store.headObject({ ...object, conditions: {}, signal })
    return xmlReply(accessControlPolicy(await shownAcl(context, object.bucket, attributes.acl)))
  },
})

/** PutObjectAcl: as PutBucketAcl. */
export const putObjectAcl = operation({
  name: 'PutObjectAcl',
  route: { method: 'PUT', resource: 'object', query: QUERY },
  action: 's3:PutObjectAcl',
  async decode(request) {
    return { ...decodeObject(request), acl: await decodeAcl(request) }
  },
  async handle({ store }, input) {
    await store.putObjectAcl(input)
    return emptyReply()
  },
})

function decodeObject(request: DecodeRequest) {
  return { ...requireObject(request), version: versionParameter(request.query) }
}

/** While ACLs are disabled everything is the owner's, whatever ACL it had before. */
async function shownAcl(
  { store }: OperationContext,
  bucket: BucketName,
  acl: Acl | undefined,
): Promise<Acl> {
  if (acl === undefined) return 'private'
  const ownership = await store.getBucketConfig(bucket, 'ownership')
  return ownership === 'BucketOwnerEnforced' ? 'private' : acl
}

/** From headers or body, but not both. */
async function decodeAcl(request: DecodeRequest): Promise<Acl> {
  const fromHeaders = parseAclHeaders(request.headers)
  const body = await request.textBody(BODY_SIZE_MAX)
  if (body.trim() === '') {
    if (fromHeaders !== null) return fromHeaders
    throw new S3Error('MissingSecurityHeader', { MissingHeaderName: 'x-amz-acl' })
  }
  if (fromHeaders !== null) throw new S3Error('UnexpectedContent')
  return readAccessControlPolicy(body)
}
