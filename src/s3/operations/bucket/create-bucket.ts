import type { BucketName } from '../../../model/bucket-name.ts'
import { StoreError } from '../../../store/errors.ts'
import type { CreateBucketOptions, ObjectStore } from '../../../store/object-store.ts'
import { S3Error } from '../../errors.ts'
import { operation } from '../../operation.ts'
import { notImplemented } from '../../refused-headers.ts'
import { emptyReply } from '../../replies.ts'
import type { RequestHeaders } from '../../request.ts'
import { requireBucket } from '../../resource-names.ts'
import { parseAclHeaders } from '../../wire/acl-headers.ts'
import { parseObjectOwnership } from '../../wire/object-ownership.ts'
import { BUCKET_TAGS_MAX, checkTags } from '../../wire/tags.ts'
import { readCreateBucketConfiguration } from '../../xml/create-bucket-configuration.ts'

const BODY_SIZE_MAX = 64 * 1024

/** CreateBucket: in the one region there is. */
export const createBucket = operation({
  name: 'CreateBucket',
  route: { method: 'PUT', resource: 'bucket' },
  action: 's3:CreateBucket',

  async decode(request) {
    const bucket = requireBucket(request.bucket)
    refuseSettings(request.headers)
    const access = parseAccess(request.headers)
    const body = await request.textBody(BODY_SIZE_MAX)
    const { location, tags } = readCreateBucketConfiguration(body)
    return { bucket, location, settings: { tags: checkTags(tags, BUCKET_TAGS_MAX), ...access } }
  },

  async handle({ store, region }, { bucket, location, settings }) {
    if (location !== null && location !== region) {
      throw new S3Error(
        'IllegalLocationConstraintException',
        { LocationConstraint: location },
        {
          message: `The ${location} location constraint is incompatible for the region specific endpoint this request was sent to.`,
        },
      )
    }
    await makeBucket(store, bucket, { region, ...settings })
    return emptyReply({ location: `/${bucket}` })
  },
})

async function makeBucket(
  store: ObjectStore,
  bucket: BucketName,
  options: CreateBucketOptions,
): Promise<void> {
  try {
    await store.createBucket(bucket, options)
  } catch (error) {
    // AWS, for old scripts' sake, in this region only: making a bucket again succeeds, and sets
    // its ACL anew.
    if (options.region !== 'us-east-1' || !isTaken(error)) throw error
    await store.putBucketConfig(bucket, 'acl', options.acl ?? 'private')
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof StoreError && error.kind === 'bucket-exists'
}

function parseAccess(headers: RequestHeaders): Pick<CreateBucketOptions, 'acl' | 'ownership'> {
  const acl = parseAclHeaders(headers)
  const ownership = headers.get('x-amz-object-ownership')
  return {
    ...(acl !== null && { acl }),
    ...(ownership !== null && { ownership: parseObjectOwnership(ownership) }),
  }
}

function refuseSettings(headers: RequestHeaders): void {
  const lock = 'x-amz-bucket-object-lock-enabled'
  if (headers.get(lock)?.toLowerCase() === 'true') {
    throw notImplemented(lock, 'Object Lock is not implemented: the bucket was not created.')
  }
}
