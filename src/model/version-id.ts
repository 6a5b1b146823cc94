import type { Brand } from '../base/brand.ts'

/**
 * Names one version of an object: 32 hex digits, of which those of later versions of a key sort
 * later; or `null`. Made only by `parseVersionId` and by the store.
 */
export type VersionId = Brand<string, 'VersionId'>

/** Of the version a key has when it was written without versioning; each key has at most one. */
export const NULL_VERSION_ID = 'null' as VersionId

const SHAPE = /^(?:[0-9a-f]{32}|null)$/

/** Null for anything that never was an id. */
export function parseVersionId(text: string): VersionId | null {
  return SHAPE.test(text) ? (text as VersionId) : null
}
