/**
 * Requests that nobody signed. What an ACL gives to everybody is allowed, and nothing else; who may
 * not list a bucket is not told which keys are in it.
 */
import { StoreError } from '../../store/errors.ts'
import type { ObjectStore } from '../../store/object-store.ts'
import { S3Error } from '../errors.ts'
import type { S3Request } from '../request.ts'
import { requireBucket, requireObject } from '../resource-names.ts'
import { versionParameter } from '../version-id.ts'
import { type AclPermission, isReadable, mayEverybody, mayEverybodyRead } from './policy.ts'

/**
 * @param permission what the operation takes; undefined: no ACL gives it
 * @throws S3Error `AccessDenied`; StoreError `no-such-bucket`
 */
export async function requireEverybody(
  store: ObjectStore,
  request: S3Request,
  permission: AclPermission | undefined,
): Promise<void> {
  if (permission === undefined) throw denied('no ACL gives this to everybody')
  const bucket = requireBucket(request.bucket)
  const access = await store.getBucketAccess(bucket)
  if (permission === 'read') {
    const canList = mayEverybody('list', access)
    const { acl, isFound } = await objectAcl(store, request)
    const isAllowed = isFound ? mayEverybodyRead(acl, access) : canList
    if (!isAllowed) throw denied('the ACL of the object does not let everybody read it')
    return
  }
  // An ACL lets nobody remove history.
  const isOfVersion = permission === 'write' && request.query.has('versionId')
  if (isOfVersion || !mayEverybody(permission, access)) {
    throw denied(`the ACL of the bucket does not let everybody ${permission}`)
  }
}

/**
 * Whether what was found may go to somebody nobody knows: between the look above and the read it
 * may have been replaced by something that is not for everybody.
 *
 * @throws S3Error `AccessDenied`
 */
export function requireReadable({ attributes }: Awaited<ReturnType<ObjectStore['headObject']>>) {
  if (!isReadable(attributes.acl)) throw denied('the object was replaced by one for nobody')
}

type ObjectLook = {
  readonly isFound: boolean
  readonly acl?: Parameters<typeof isReadable>[0]
}

async function objectAcl(store: ObjectStore, request: S3Request): Promise<ObjectLook> {
  const { signal } = request
  try {
    const version = versionParameter(request.query)
    const object = { ...requireObject(request), version }
    const head = await store.headObject({ ...object, conditions: {}, signal })
    return { isFound: true, acl: head.attributes.acl }
  } catch (error) {
    if (error instanceof StoreError && ABSENT.has(error.kind)) return { isFound: false }
    throw error
  }
}

const ABSENT: ReadonlySet<string> = new Set(['no-such-key', 'no-such-version', 'delete-marker'])

function denied(reason: string): S3Error {
  return new S3Error('AccessDenied', {}, { cause: new Error(reason) })
}
