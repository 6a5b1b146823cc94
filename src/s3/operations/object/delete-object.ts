import type { Deleted } from '../../../store/object-store.ts'
import { operation } from '../../operation.ts'
import { notImplemented } from '../../refused-headers.ts'
import { noContent } from '../../replies.ts'
import type { RequestHeaders } from '../../request.ts'
import { requireObject } from '../../resource-names.ts'
import { versionHeader, versionParameter } from '../../version-id.ts'
import { parseEtag } from '../../wire/etag.ts'

/**
 * DeleteObject: says 204 whether or not there was one, unless If-Match is given. Where versioning
 * is set, and no version is named, it makes a delete marker.
 */
export const deleteObject = operation({
  name: 'DeleteObject',
  route: { method: 'DELETE', resource: 'object' },
  action: 's3:DeleteObject',
  acl: 'write',

  decode(request) {
    refuseDirectoryBucketConditions(request.headers)
    const ifMatch = request.headers.get('if-match')
    return {
      ...requireObject(request),
      version: versionParameter(request.query),
      conditions: ifMatch === null ? {} : { ifMatch: parseEtag(ifMatch) },
    }
  },

  async handle({ store }, input) {
    return noContent(deletedHeaders(await store.deleteObject(input)))
  },
})

function deletedHeaders({ versionId, isDeleteMarker }: Deleted): Record<string, string> {
  return {
    ...(isDeleteMarker && { 'x-amz-delete-marker': 'true' }),
    ...versionHeader(versionId),
  }
}

/** Conditions that S3 has for directory buckets only; ignoring one would delete too much. */
function refuseDirectoryBucketConditions(headers: RequestHeaders): void {
  for (const name of ['x-amz-if-match-last-modified-time', 'x-amz-if-match-size']) {
    if (headers.get(name) !== null) {
      throw notImplemented(name, 'This condition is for directory buckets only.')
    }
  }
}
