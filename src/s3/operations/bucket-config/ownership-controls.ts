import { S3Error } from '../../errors.ts'
import { operation } from '../../operation.ts'
import { emptyReply } from '../../replies.ts'
import { requireBucket } from '../../resource-names.ts'
import { childText } from '../../xml/read-fields.ts'
import { readXml } from '../../xml/read-xml.ts'
import { element, parent, xmlDocument } from '../../xml/write-xml.ts'
import { constant, refused } from './not-configured.ts'

const BODY_SIZE_MAX = 64 * 1024
const ENFORCED = 'BucketOwnerEnforced'
const QUERY = ['ownershipControls']

/** GetBucketOwnershipControls: ACLs are disabled, as AWS has it for every new bucket. */
export const getBucketOwnershipControls = constant(
  {
    name: 'GetBucketOwnershipControls',
    query: QUERY,
    action: 's3:GetBucketOwnershipControls',
  },
  xmlDocument('OwnershipControls', [parent('Rule', [element('ObjectOwnership', ENFORCED)])]),
)

/** PutBucketOwnershipControls: takes what is so already. */
export const putBucketOwnershipControls = operation({
  name: 'PutBucketOwnershipControls',
  route: { method: 'PUT', resource: 'bucket', query: QUERY },
  action: 's3:PutBucketOwnershipControls',
  support: 'neutral',
  async decode(request) {
    const bucket = requireBucket(request.bucket)
    const root = readXml(await request.textBody(BODY_SIZE_MAX), 'OwnershipControls')
    const [rule, ...others] = root.children
    if (rule === undefined || rule.name !== 'Rule' || others.length > 0) {
      throw new S3Error('MalformedXML')
    }
    if (childText(rule, 'ObjectOwnership')?.trim() !== ENFORCED) {
      const message = `Only ${ENFORCED} is implemented: ACLs are disabled.`
      throw new S3Error('NotImplemented', {}, { message })
    }
    return bucket
  },
  async handle({ store }, bucket) {
    await store.getBucket(bucket)
    return emptyReply()
  },
})

/** DeleteBucketOwnershipControls would enable ACLs. */
export const deleteBucketOwnershipControls = refused({
  name: 'DeleteBucketOwnershipControls',
  route: { method: 'DELETE', resource: 'bucket', query: QUERY },
  action: 's3:PutBucketOwnershipControls',
})
