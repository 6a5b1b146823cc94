import type { Principal } from '../../identity/identity.ts'

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

/** Decides, reads nothing: whoever is not named as allowed is denied. */
export function authorise(principal: Principal, request: AccessRequest): AccessDecision {
  if (principal.kind === 'root') return ALLOWED
  return { allowed: false, reason: `${principal.kind} may not ${request.action}` }
}

const ALLOWED: AccessDecision = { allowed: true }
