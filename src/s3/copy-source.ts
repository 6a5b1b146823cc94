import type { VersionId } from '../model/version-id.ts'
import type { CopySource } from '../store/object-store.ts'
import type { AccessNeed } from './operation.ts'
import type { RequestHeaders } from './request.ts'
import { requireBucket, requireKey } from './resource-names.ts'
import { requireVersionId } from './version-id.ts'
import { parseCopySourceConditions } from './wire/conditions.ts'
import { parseCopySource } from './wire/copy-source.ts'

/** The object to copy from: x-amz-copy-source and its conditions. */
export function decodeCopySource(headers: RequestHeaders): CopySource {
  const source = parseCopySource(headers.get('x-amz-copy-source') ?? '')
  const version = requireVersionId(source.versionId)
  return {
    bucket: requireBucket(source.bucket),
    key: requireKey(source.key),
    conditions: parseCopySourceConditions(headers),
    ...(version !== undefined && { version }),
  }
}

/** Whoever copies must be allowed to read what is copied. */
export function sourceNeeds({ source }: { readonly source: CopySource }): readonly AccessNeed[] {
  const action = source.version === undefined ? 's3:GetObject' : 's3:GetObjectVersion'
  return [{ action, bucket: source.bucket, key: source.key }]
}

/** x-amz-copy-source-version-id; nothing when the source's bucket never had versioning. */
export function copySourceHeader(versionId: VersionId | null): Record<string, string> {
  return versionId === null ? {} : { 'x-amz-copy-source-version-id': versionId }
}
