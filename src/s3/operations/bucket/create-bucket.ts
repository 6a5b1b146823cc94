import { StoreError } from '../../../store/errors.ts'
import { S3Error } from '../../errors.ts'
import { operation } from '../../operation.ts'
import { notImplemented, refuseAclHeaders } from '../../refused-headers.ts'
import { emptyReply } from '../../replies.ts'
import type { RequestHeaders } from '../../request.ts'
import { requireBucket } from '../../resource-names.ts'
import { readLocationConstraint } from '../../xml/create-bucket-configuration.ts'

const BODY_SIZE_MAX = 64 * 1024

/** CreateBucket: in the one region there is. */
export const createBucket = operation({
  name: 'CreateBucket',
  route: { method: 'PUT', resource: 'bucket' },
  action: 's3:CreateBucket',

  async decode(request) {
    const bucket = requireBucket(request.bucket)
    refuseAclHeaders(request.headers)
    refuseSettings(request.headers)
    return { bucket, location: readLocationConstraint(await request.textBody(BODY_SIZE_MAX)) }
  },

  async handle({ store, region }, { bucket, location }) {
    if (location !== null && location !== region) {
      throw new S3Error(
        'IllegalLocationConstraintException',
        { LocationConstraint: location },
        {
          message: `The ${location} location constraint is incompatible for the region specific endpoint this request was sent to.`,
        },
      )
    }
    try {
      await store.createBucket(bucket, { region })
    } catch (error) {
      // AWS, for old scripts' sake, in this region only: making a bucket again succeeds.
      if (region !== 'us-east-1' || !isTaken(error)) throw error
    }
    return emptyReply({ location: `/${bucket}` })
  },
})

function isTaken(error: unknown): boolean {
  return error instanceof StoreError && error.kind === 'bucket-exists'
}

function refuseSettings(headers: RequestHeaders): void {
  const lock = 'x-amz-bucket-object-lock-enabled'
  if (headers.get(lock)?.toLowerCase() === 'true') {
    throw notImplemented(lock, 'Object Lock is not implemented: the bucket was not created.')
  }
  const ownership = 'x-amz-object-ownership'
  if ((headers.get(ownership) ?? 'BucketOwnerEnforced') !== 'BucketOwnerEnforced') {
    throw notImplemented(ownership, 'Only BucketOwnerEnforced is implemented: ACLs are disabled.')
  }
}
