import { S3Error } from '../../errors.ts'
import { decodeListing } from '../../listing.ts'
import { operation } from '../../operation.ts'
import { xmlReply } from '../../replies.ts'
import { listVersionsResult } from '../../xml/list-versions-result.ts'

/** ListObjectVersions: in a bucket that never had versioning every object is one null version. */
export const listObjectVersions = operation({
  name: 'ListObjectVersions',
  route: { method: 'GET', resource: 'bucket', query: ['versions'] },
  action: 's3:ListBucketVersions',
  support: 'neutral',

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
    return { ...decodeListing(request, 'max-keys'), keyMarker, versionIdMarker }
  },

  async handle({ store }, query) {
    const { bucket, prefix, delimiter, limit, keyMarker } = query
    const page = await store.listObjects({ bucket, prefix, delimiter, limit, after: keyMarker })
    return xmlReply(listVersionsResult(query, page))
  },
})
