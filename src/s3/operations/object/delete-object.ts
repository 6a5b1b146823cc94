import { operation } from '../../operation.ts'
import { notImplemented } from '../../refused-headers.ts'
import { noContent } from '../../replies.ts'
import type { RequestHeaders } from '../../request.ts'
import { requireObject } from '../../resource-names.ts'
import { NULL_VERSION, namesNullVersion } from '../../version-id.ts'
import { parseEtag } from '../../wire/etag.ts'

/** DeleteObject: says 204 whether or not there was one, unless If-Match is given. */
export const deleteObject = operation({
  name: 'DeleteObject',
  route: { method: 'DELETE', resource: 'object' },
  action: 's3:DeleteObject',

  decode(request) {
    refuseDirectoryBucketConditions(request.headers)
    const ifMatch = request.headers.get('if-match')
    return {
      object: requireObject(request),
      namesVersion: namesNullVersion(request.query.get('versionId')),
      conditions: ifMatch === null ? {} : { ifMatch: parseEtag(ifMatch) },
    }
  },

  async handle({ store }, { object, conditions, namesVersion }) {
    await store.deleteObject({ ...object, conditions })
    return noContent(namesVersion ? { 'x-amz-version-id': NULL_VERSION } : {})
  },
})

/** Conditions that S3 has for directory buckets only; ignoring one would delete too much. */
function refuseDirectoryBucketConditions(headers: RequestHeaders): void {
  for (const name of ['x-amz-if-match-last-modified-time', 'x-amz-if-match-size']) {
    if (headers.get(name) !== null) {
      throw notImplemented(name, 'This condition is for directory buckets only.')
    }
  }
}
