import type { Principal } from '../../identity/identity.ts'
import type { Acl } from '../../model/acl.ts'
import { areAclsHeeded, type BucketAccess } from '../../store/bucket-config.ts'

/** One thing somebody wants to do. `AccessNeed` of an operation is one. */
export interface AccessRequest {
  /** As IAM names it: `s3:GetObject`. */
  readonly action: string
  /** Null for the service itself. */
  readonly bucket: string | null
  readonly key: string | null
}

export type AccessDecision =
  | { readonly allowed: true }
  /** `reason` is for the audit log, not for the client. */
  | { readonly allowed: false; readonly reason: string }

/**
 * Permissions that ACLs give: to list a bucket, to write into it, to read an object. An operation
 * that names none of them is for nobody whom only an ACL lets in.
 */
export type AclPermission = 'list' | 'write' | 'read'

/** Decides, reads nothing: whoever is not named as allowed is denied. */
export function authorise(principal: Principal, request: AccessRequest): AccessDecision {
  if (principal.kind === 'root') return ALLOWED
  return { allowed: false, reason: `${principal.kind} may not ${request.action}` }
}

/** Whether everybody, known or not, may do this to the bucket. */
export function mayEverybody(permission: 'list' | 'write', bucket: BucketAccess): boolean {
  if (!areAclsHeeded(bucket)) return false
  const { acl } = bucket
  return acl === 'public-read-write' || (permission === 'list' && acl === 'public-read')
}

/** Whether everybody may read an object with this ACL; the bucket's own does not matter. */
export function mayEverybodyRead(object: Acl | undefined, bucket: BucketAccess): boolean {
  return areAclsHeeded(bucket) && isReadable(object)
}

/** As `mayEverybodyRead`, where ACLs are known to be heeded. */
export function isReadable(object: Acl | undefined): boolean {
  return object === 'public-read' || object === 'public-read-write'
}

const ALLOWED: AccessDecision = { allowed: true }
