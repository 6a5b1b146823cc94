import { copySourceHeader, decodeCopySource, sourceNeeds } from '../../copy-source.ts'
import { operation } from '../../operation.ts'
import { refuseWriteHeaders } from '../../refused-headers.ts'
import { xmlReply } from '../../replies.ts'
import { refuseVersionParameter } from '../../version-id.ts'
import { parsePartNumber } from '../../wire/integer-parameter.ts'
import { parseCopySourceRange } from '../../wire/range.ts'
import { copyPartResult } from '../../xml/copy-result.ts'
import { decodeUploadName } from './upload-name.ts'

/** UploadPartCopy: a part made of an object, or of a range of it. */
export const uploadPartCopy = operation({
  name: 'UploadPartCopy',
  route: {
    method: 'PUT',
    resource: 'object',
    query: ['partNumber', 'uploadId'],
    header: 'x-amz-copy-source',
  },
  action: 's3:PutObject',
  isSlow: true,
  alsoNeeds: sourceNeeds,

  decode(request) {
    refuseWriteHeaders(request.headers)
    refuseVersionParameter(request.query)
    return {
      ...decodeUploadName(request),
      partNumber: parsePartNumber(request.query) ?? 0,
      source: decodeCopySource(request.headers),
      range: parseCopySourceRange(request.headers.get('x-amz-copy-source-range')),
    }
  },

  async handle({ store, signal }, input) {
    const part = await store.uploadPartCopy({ ...input, signal })
    return xmlReply(copyPartResult(part), copySourceHeader(part.sourceVersionId))
  },
})
