import { type DecodeRequest, operation } from '../../operation.ts'
import { emptyReply, noContent, xmlReply } from '../../replies.ts'
import { requireObject } from '../../resource-names.ts'
import { namesNullVersion } from '../../version-id.ts'
import { checkTags } from '../../wire/tags.ts'
import { readTagging, tagging } from '../../xml/tagging.ts'

const BODY_SIZE_MAX = 64 * 1024
const QUERY = ['tagging']

/** GetObjectTagging: an empty set for an object without tags. */
export const getObjectTagging = operation({
  name: 'GetObjectTagging',
  route: { method: 'GET', resource: 'object', query: QUERY },
  action: 's3:GetObjectTagging',
  decode: decodeObject,
  async handle({ store }, { bucket, key }) {
    return xmlReply(tagging(await store.getObjectTags(bucket, key)))
  },
})

/** PutObjectTagging: replaces the whole set. */
export const putObjectTagging = operation({
  name: 'PutObjectTagging',
  route: { method: 'PUT', resource: 'object', query: QUERY },
  action: 's3:PutObjectTagging',
  async decode(request) {
    const object = decodeObject(request)
    return { ...object, tags: checkTags(readTagging(await request.textBody(BODY_SIZE_MAX))) }
  },
  async handle({ store }, { bucket, key, tags }) {
    await store.putObjectTags(bucket, key, tags)
    return emptyReply()
  },
})

/** DeleteObjectTagging: removes the whole set. */
export const deleteObjectTagging = operation({
  name: 'DeleteObjectTagging',
  route: { method: 'DELETE', resource: 'object', query: QUERY },
  action: 's3:DeleteObjectTagging',
  decode: decodeObject,
  async handle({ store }, { bucket, key }) {
    await store.putObjectTags(bucket, key, [])
    return noContent()
  },
})

function decodeObject(request: DecodeRequest) {
  namesNullVersion(request.query.get('versionId'))
  return requireObject(request)
}
