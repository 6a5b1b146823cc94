import { operation } from '../../operation.ts'
import { refuseWriteHeaders } from '../../refused-headers.ts'
import { emptyReply } from '../../replies.ts'
import { refuseVersionParameter } from '../../version-id.ts'
import { checksumHeaderName } from '../../wire/checksum-headers.ts'
import { formatEtag } from '../../wire/etag.ts'
import { parsePartNumber } from '../../wire/integer-parameter.ts'
import { decodeUploadName } from './upload-name.ts'

/** UploadPart: in any order; the last one sent under a number counts. */
export const uploadPart = operation({
  name: 'UploadPart',
  route: { method: 'PUT', resource: 'object', query: ['partNumber', 'uploadId'] },
  action: 's3:PutObject',

  decode(request) {
    refuseWriteHeaders(request.headers)
    refuseVersionParameter(request.query)
    return {
      partNumber: parsePartNumber(request.query) ?? 0,
      body: request.objectBody(),
      ...decodeUploadName(request),
    }
  },

  async handle({ store }, input) {
    const { etag, checksum } = await store.uploadPart(input)
    return emptyReply({
      etag: formatEtag(etag),
      ...(checksum !== null && { [checksumHeaderName(checksum.algorithm)]: checksum.value }),
    })
  },
})
