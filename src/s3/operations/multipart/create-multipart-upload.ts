import { operation } from '../../operation.ts'
import { refuseWriteHeaders } from '../../refused-headers.ts'
import { xmlReply } from '../../replies.ts'
import { requireObject } from '../../resource-names.ts'
import { parseChecksumRequest } from '../../wire/checksum-headers.ts'
import { parseObjectAttributes } from '../../wire/object-attributes.ts'
import { initiateMultipartUploadResult } from '../../xml/multipart-results.ts'

/** CreateMultipartUpload: everything about the object but its bytes is said here. */
export const createMultipartUpload = operation({
  name: 'CreateMultipartUpload',
  route: { method: 'POST', resource: 'object', query: ['uploads'] },
  action: 's3:PutObject',

  decode(request) {
    refuseWriteHeaders(request.headers)
    return {
      ...requireObject(request),
      attributes: parseObjectAttributes(request.headers),
      checksum: parseChecksumRequest(request.headers),
    }
  },

  async handle({ store }, input) {
    const { uploadId, checksum } = await store.createMultipartUpload(input)
    return xmlReply(
      initiateMultipartUploadResult({ ...input, uploadId }),
      checksum === null
        ? {}
        : {
            'x-amz-checksum-algorithm': checksum.algorithm,
            'x-amz-checksum-type': checksum.type,
          },
    )
  },
})
