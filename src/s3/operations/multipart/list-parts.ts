import { parseEncodingType } from '../../listing.ts'
import { operation } from '../../operation.ts'
import { xmlReply } from '../../replies.ts'
import { parseLimit, parsePartNumberMarker } from '../../wire/integer-parameter.ts'
import { listPartsResult } from '../../xml/multipart-results.ts'
import { decodeUploadName } from './upload-name.ts'

/** ListParts: what was uploaded so far, by part number. */
export const listParts = operation({
  name: 'ListParts',
  route: { method: 'GET', resource: 'object', query: ['uploadId'] },
  action: 's3:ListMultipartUploadParts',

  decode: (request) => ({
    ...decodeUploadName(request),
    afterPart: parsePartNumberMarker(request.query),
    limit: parseLimit(request.query, 'max-parts'),
    encodingType: parseEncodingType(request.query.get('encoding-type')),
  }),

  async handle({ store }, query) {
    const { bucket, key, uploadId, afterPart, limit } = query
    const page = await store.listParts({ bucket, key, uploadId, afterPart, limit })
    return xmlReply(listPartsResult(query, page))
  },
})
