import { S3Error } from '../../errors.ts'
import { operation } from '../../operation.ts'
import { emptyReply } from '../../replies.ts'
import { requireBucket } from '../../resource-names.ts'
import { readXml, type XmlElement } from '../../xml/read-xml.ts'

const BODY_SIZE_MAX = 64 * 1024

/** A PUT that is taken when it switches off what is off, and refused when it switches it on. */
export function putOff(row: {
  readonly name: string
  readonly subresource: string
  readonly action: string
  readonly root: string
  readonly isOff: (document: XmlElement) => boolean
}) {
  return operation({
    name: row.name,
    route: { method: 'PUT', resource: 'bucket', query: [row.subresource] },
    action: row.action,
    support: 'neutral',
    async decode(request) {
      const bucket = requireBucket(request.bucket)
      const document = readXml(await request.textBody(BODY_SIZE_MAX), row.root)
      if (!row.isOff(document)) {
        const message = `${row.name} can only switch off: nothing was changed.`
        throw new S3Error('NotImplemented', { Operation: row.name }, { message })
      }
      return bucket
    },
    async handle({ store }, bucket) {
      await store.getBucket(bucket)
      return emptyReply()
    },
  })
}
