import type { ObjectOwnership } from '../../store/bucket-config.ts'
import { S3Error } from '../errors.ts'

const OWNERSHIPS: readonly ObjectOwnership[] = [
  'BucketOwnerEnforced',
  'BucketOwnerPreferred',
  'ObjectWriter',
]

/** Null for what is none. */
export function findObjectOwnership(text: string): ObjectOwnership | null {
  return OWNERSHIPS.find((known) => known === text) ?? null
}

/** x-amz-object-ownership. @throws S3Error `InvalidArgument` */
export function parseObjectOwnership(text: string): ObjectOwnership {
  const ownership = findObjectOwnership(text)
  if (ownership !== null) return ownership
  throw new S3Error(
    'InvalidArgument',
    { ArgumentName: 'x-amz-object-ownership', ArgumentValue: text },
    { message: `Invalid x-amz-object-ownership header: ${text}` },
  )
}
