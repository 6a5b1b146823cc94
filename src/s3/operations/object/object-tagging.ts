import type { VersionName } from '../../../store/object-store.ts'
import { type DecodeRequest, operation } from '../../operation.ts'
import { emptyReply, noContent, xmlReply } from '../../replies.ts'
import { requireObject } from '../../resource-names.ts'
import { versionHeader, versionParameter } from '../../version-id.ts'
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
  async handle({ store }, object) {
    const { tags, versionId } = await store.getObjectTags(object)
    return xmlReply(tagging(tags), versionHeader(versionId))
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
  async handle({ store }, { tags, ...object }) {
    return emptyReply(versionHeader(await store.putObjectTags(object, tags)))
  },
})

/** DeleteObjectTagging: removes the whole set. */
export const deleteObjectTagging = operation({
  name: 'DeleteObjectTagging',
  route: { method: 'DELETE', resource: 'object', query: QUERY },
  action: 's3:DeleteObjectTagging',
  decode: decodeObject,
  async handle({ store }, object) {
    return noContent(versionHeader(await store.putObjectTags(object, [])))
  },
})

function decodeObject(request: DecodeRequest): VersionName {
  return { ...requireObject(request), version: versionParameter(request.query) }
}
