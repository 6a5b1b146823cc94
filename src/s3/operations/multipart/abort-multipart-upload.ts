import { operation } from '../../operation.ts'
import { noContent } from '../../replies.ts'
import { decodeUploadName } from './upload-name.ts'

/** AbortMultipartUpload: the upload and its parts are gone. */
export const abortMultipartUpload = operation({
  name: 'AbortMultipartUpload',
  route: { method: 'DELETE', resource: 'object', query: ['uploadId'] },
  action: 's3:AbortMultipartUpload',
  decode: decodeUploadName,
  async handle({ store }, { bucket, key, uploadId }) {
    await store.abortMultipartUpload(bucket, key, uploadId)
    return noContent()
  },
})
