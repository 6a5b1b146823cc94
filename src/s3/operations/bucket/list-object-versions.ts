import { S3Error } from '../../errors.ts'
import { decodeListing } from '../../listing.ts'
import { operation } from '../../operation.ts'
import { xmlReply } from '../../replies.ts'
import { requireVersionId } from '../../version-id.ts'
import { listVersionsResult } from '../../xml/list-versions-result.ts'

/** ListObjectVersions: in a bucket that never had versioning every object is one null version. */
export const listObjectVersions = operation({
  name: 'ListObjectVersions',
  route: { method: 'GET', resource: 'bucket', query: ['versions'] },
  action: 's3:ListBucketVersions',
  acl: 'list',

  decode(request) {
    const keyMarker = request.query.get('key-marker') ?? ''
    const versionIdMarker = request.query.get('version-id-marker') ?? ''
    if (versionIdMarker !== '' && keyMarker === '') {
      throw new S3Error(
        'InvalidArgument',
        { ArgumentName: 'version-id-marker', ArgumentValue: versionIdMarker },
        { message: 'A version-id marker cannot be specified without a key marker.' },
      )
    }
    const afterVersion = versionIdMarker === '' ? null : requireVersionId(versionIdMarker)
    const markers = { keyMarker, versionIdMarker, afterVersion: afterVersion ?? null }
    return { ...decodeListing(request, 'max-keys'), ...markers }
  },

  async handle({ store }, query) {
    const { keyMarker: afterKey, ...rest } = query
    return xmlReply(
      listVersionsResult(query, await store.listObjectVersions({ afterKey, ...rest })),
    )
  },
})
