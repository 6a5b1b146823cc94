import type { CopySource } from '../store/object-store.ts'
import type { AccessNeed } from './operation.ts'
import type { RequestHeaders } from './request.ts'
import { requireBucket, requireKey } from './resource-names.ts'
import { namesNullVersion } from './version-id.ts'
import { parseCopySourceConditions } from './wire/conditions.ts'
import { parseCopySource } from './wire/copy-source.ts'

/** The object to copy from: x-amz-copy-source and its conditions. */
export function decodeCopySource(headers: RequestHeaders): CopySource {
  const source = parseCopySource(headers.get('x-amz-copy-source') ?? '')
  namesNullVersion(source.versionId)
  return {
    bucket: requireBucket(source.bucket),
    key: requireKey(source.key),
    conditions: parseCopySourceConditions(headers),
  }
}

/** Whoever copies must be allowed to read what is copied. */
export function sourceNeeds({ source }: { readonly source: CopySource }): readonly AccessNeed[] {
  return [{ action: 's3:GetObject', bucket: source.bucket, key: source.key }]
}
