import { S3Error } from './errors.ts'

/** The id of the only version an object has in a bucket that never had versioning. */
export const NULL_VERSION = 'null'

/**
 * Whether the request names the object's only version by its id; false when it names none.
 *
 * @throws S3Error `InvalidArgument` for any other id: there never was such a version
 */
export function namesNullVersion(versionId: string | null): boolean {
  if (versionId === null) return false
  if (versionId === NULL_VERSION) return true
  const message =
    versionId === '' ? 'Version id cannot be the empty string' : 'Invalid version id specified'
  throw new S3Error(
    'InvalidArgument',
    { ArgumentName: 'versionId', ArgumentValue: versionId },
    { message },
  )
}
