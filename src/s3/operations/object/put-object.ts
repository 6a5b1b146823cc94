import { S3Error } from '../../errors.ts'
import { checksumHeaders } from '../../object-headers.ts'
import { operation } from '../../operation.ts'
import { refuseWriteHeaders } from '../../refused-headers.ts'
import { emptyReply } from '../../replies.ts'
import { requireObject } from '../../resource-names.ts'
import { refuseVersionParameter, writtenVersionHeader } from '../../version-id.ts'
import { parseWriteConditions } from '../../wire/conditions.ts'
import { formatEtag } from '../../wire/etag.ts'
import { parseObjectAttributes } from '../../wire/object-attributes.ts'

/** PutObject: stores one object, durable before the reply. */
export const putObject = operation({
  name: 'PutObject',
  route: { method: 'PUT', resource: 'object' },
  action: 's3:PutObject',
  acl: 'write',

  decode(request) {
    // Half of an UploadPart: storing it as an object would overwrite what is there.
    if (request.query.has('partNumber')) {
      throw new S3Error(
        'InvalidArgument',
        { ArgumentName: 'uploadId' },
        { message: 'This operation does not accept partNumber without uploadId' },
      )
    }
    refuseWriteHeaders(request.headers)
    refuseVersionParameter(request.query)
    return {
      attributes: parseObjectAttributes(request.headers),
      conditions: parseWriteConditions(request.headers),
      body: request.objectBody(),
      ...requireObject(request),
    }
  },

  async handle({ store }, input) {
    const object = await store.putObject(input)
    return emptyReply({
      etag: formatEtag(object.etag),
      ...checksumHeaders(object.checksum),
      ...writtenVersionHeader(object.versionId),
    })
  },
})
