import { NULL_VERSION_ID, parseVersionId, type VersionId } from '../model/version-id.ts'
import { S3Error } from './errors.ts'
import type { QueryParameters } from './request.ts'

/**
 * The version a request names; undefined when it names none.
 *
 * @throws S3Error `InvalidArgument` for what cannot be an id: there never was such a version
 */
export function versionParameter(query: QueryParameters): VersionId | undefined {
  return requireVersionId(query.get('versionId'))
}

/** As `versionParameter`, from where else an id is given. Null: none is. */
export function requireVersionId(text: string | null): VersionId | undefined {
  if (text === null) return undefined
  const versionId = parseVersionId(text)
  if (versionId !== null) return versionId
  const message =
    text === '' ? 'Version id cannot be the empty string' : 'Invalid version id specified'
  throw new S3Error(
    'InvalidArgument',
    { ArgumentName: 'versionId', ArgumentValue: text },
    { message },
  )
}

/**
 * For what writes an object or a part, which is always a new one: taking the id for nothing would
 * replace what is current.
 *
 * @throws S3Error `InvalidArgument`
 */
export function refuseVersionParameter(query: QueryParameters): void {
  const versionId = query.get('versionId')
  if (versionId === null) return
  throw new S3Error(
    'InvalidArgument',
    { ArgumentName: 'versionId', ArgumentValue: versionId },
    { message: 'This operation does not accept a version-id.' },
  )
}

/** x-amz-version-id; nothing in a bucket that never had versioning. */
export function versionHeader(versionId: VersionId | null): Record<string, string> {
  return versionId === null ? {} : { 'x-amz-version-id': versionId }
}

/** As `versionHeader`, of what was just written: while versioning is suspended S3 names nothing. */
export function writtenVersionHeader(versionId: VersionId | null): Record<string, string> {
  return versionHeader(versionId === NULL_VERSION_ID ? null : versionId)
}
