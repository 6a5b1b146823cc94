import { decodeListing } from '../../listing.ts'
import { operation } from '../../operation.ts'
import { xmlReply } from '../../replies.ts'
import { listMultipartUploadsResult } from '../../xml/multipart-results.ts'

/** ListMultipartUploads: uploads under way, by key and then by when they began. */
export const listMultipartUploads = operation({
  name: 'ListMultipartUploads',
  route: { method: 'GET', resource: 'bucket', query: ['uploads'] },
  action: 's3:ListBucketMultipartUploads',
  acl: 'list',

  decode: (request) => ({
    ...decodeListing(request, 'max-uploads'),
    keyMarker: request.query.get('key-marker') ?? '',
    uploadIdMarker: request.query.get('upload-id-marker') ?? '',
  }),

  async handle({ store }, query) {
    const { bucket, prefix, delimiter, limit, keyMarker, uploadIdMarker } = query
    const page = await store.listMultipartUploads({
      bucket,
      prefix,
      delimiter,
      limit,
      afterKey: keyMarker,
      // S3: "If key-marker is not specified, the upload-id-marker parameter is ignored."
      afterUploadId: keyMarker === '' ? '' : uploadIdMarker,
    })
    return xmlReply(listMultipartUploadsResult(query, page))
  },
})
