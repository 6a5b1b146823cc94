import { S3Error } from '../../errors.ts'
import { type DecodeRequest, operation } from '../../operation.ts'
import { xmlReply } from '../../replies.ts'
import type { RequestHeaders } from '../../request.ts'
import { writtenVersionHeader } from '../../version-id.ts'
import { parseCompleteChecksum } from '../../wire/checksum-headers.ts'
import { parseWriteConditions } from '../../wire/conditions.ts'
import { readCompletedParts } from '../../xml/complete-multipart-upload.ts'
import { completeMultipartUploadResult } from '../../xml/multipart-results.ts'
import { decodeUploadName } from './upload-name.ts'

const BODY_SIZE_MAX = 4 * 1024 * 1024

/** CompleteMultipartUpload: the named parts become the object, all at once. */
export const completeMultipartUpload = operation({
  name: 'CompleteMultipartUpload',
  route: { method: 'POST', resource: 'object', query: ['uploadId'] },
  action: 's3:PutObject',
  isSlow: true,

  async decode(request) {
    const input = {
      ...decodeUploadName(request),
      ...parseCompleteChecksum(request.headers),
      size: parseObjectSize(request.headers),
      conditions: parseWriteConditions(request.headers),
    }
    const body = await request.textBody(BODY_SIZE_MAX, { checksumOfObject: true })
    const parts = readCompletedParts(body)
    return { location: locationOf(request), upload: { ...input, parts } }
  },

  async handle({ store }, { location, upload }) {
    const object = await store.completeMultipartUpload(upload)
    const document = completeMultipartUploadResult(location, upload.bucket, object)
    return xmlReply(document, writtenVersionHeader(object.versionId))
  },
})

/** The address the client used, which need not be one that this server knows of itself. */
function locationOf(request: DecodeRequest): string {
  const scheme = request.isSecure ? 'https' : 'http'
  return `${scheme}://${request.headers.get('host') ?? ''}${request.rawPath}`
}

const DIGITS = /^\d{1,15}$/

function parseObjectSize(headers: RequestHeaders): number | null {
  const name = 'x-amz-mp-object-size'
  const value = headers.get(name)
  if (value === null) return null
  if (DIGITS.test(value)) return Number(value)
  throw new S3Error('InvalidArgument', { ArgumentName: name, ArgumentValue: value })
}
