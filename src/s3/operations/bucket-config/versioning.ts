import { S3Error } from '../../errors.ts'
import { operation } from '../../operation.ts'
import { emptyReply, xmlReply } from '../../replies.ts'
import { requireBucket } from '../../resource-names.ts'
import { readVersioning, versioningConfiguration } from '../../xml/versioning-configuration.ts'

const BODY_SIZE_MAX = 64 * 1024
const QUERY = ['versioning']

/** GetBucketVersioning: an empty document where it was never set. */
export const getBucketVersioning = operation({
  name: 'GetBucketVersioning',
  route: { method: 'GET', resource: 'bucket', query: QUERY },
  action: 's3:GetBucketVersioning',
  decode: (request) => requireBucket(request.bucket),
  async handle({ store }, bucket) {
    return xmlReply(versioningConfiguration((await store.getBucket(bucket)).versioning))
  },
})

/** PutBucketVersioning: what is written from here on is a version, or the null version. */
export const putBucketVersioning = operation({
  name: 'PutBucketVersioning',
  route: { method: 'PUT', resource: 'bucket', query: QUERY },
  action: 's3:PutBucketVersioning',
  async decode(request) {
    const bucket = requireBucket(request.bucket)
    const { versioning, needsMfa } = readVersioning(await request.textBody(BODY_SIZE_MAX))
    if (needsMfa) {
      // Nobody has such a device here: as on AWS for whoever does not prove to hold one.
      const message = 'Mfa Authentication must be used for this request'
      throw new S3Error('AccessDenied', {}, { message })
    }
    return { bucket, versioning }
  },
  async handle({ store }, { bucket, versioning }) {
    await store.putBucketVersioning(bucket, versioning)
    return emptyReply()
  },
})
