import type { ObjectHead, VersionName } from '../../../store/object-store.ts'
import { S3Error } from '../../errors.ts'
import { type OperationContext, operation } from '../../operation.ts'
import { xmlReply } from '../../replies.ts'
import type { RequestHeaders } from '../../request.ts'
import { requireObject } from '../../resource-names.ts'
import { versionHeader, versionParameter } from '../../version-id.ts'
import { formatHttpDate } from '../../wire/http-date.ts'
import { LIST_LIMIT_MAX } from '../../wire/integer-parameter.ts'
import {
  type ObjectAttributeName,
  type ObjectPartsPage,
  objectAttributeNames,
  objectAttributesResponse,
} from '../../xml/object-attributes.ts'

/** GetObjectAttributes: what HeadObject knows and the parts it was uploaded in. */
export const getObjectAttributes = operation({
  name: 'GetObjectAttributes',
  route: { method: 'GET', resource: 'object', query: ['attributes'] },
  action: 's3:GetObjectAttributes',

  decode(request) {
    return {
      ...requireObject(request),
      version: versionParameter(request.query),
      wanted: parseAttributes(request.headers),
      after: parseCount(request.headers, 'x-amz-part-number-marker') ?? 0,
      limit: Math.min(
        parseCount(request.headers, 'x-amz-max-parts') ?? LIST_LIMIT_MAX,
        LIST_LIMIT_MAX,
      ),
    }
  },

  async handle(context, input) {
    const { bucket, key, version, wanted } = input
    const { store, signal } = context
    const head = await store.headObject({ bucket, key, version, conditions: {}, signal })
    const needsParts = wanted.has('ObjectParts') && head.partsCount !== null
    const parts = needsParts ? await partsOf(context, head, input) : null
    return xmlReply(objectAttributesResponse(head, wanted, parts), {
      'last-modified': formatHttpDate(head.lastModified),
      ...versionHeader(head.versionId),
    })
  },
})

/** One page of parts, all of the very object that `head` describes. */
async function partsOf(
  { store, signal }: OperationContext,
  head: ObjectHead,
  page: VersionName & {
    readonly after: number
    readonly limit: number
  },
): Promise<ObjectPartsPage> {
  const totalCount = head.partsCount ?? 0
  const last = Math.min(totalCount, page.after + page.limit)
  const parts: ObjectPartsPage['parts'][number][] = []
  for (let partNumber = page.after + 1; partNumber <= last; partNumber++) {
    const { bucket, key } = page
    const version = page.version ?? head.versionId ?? undefined
    const conditions = { ifMatch: [head.etag] }
    const part = await store.headObject({ bucket, key, version, partNumber, conditions, signal })
    parts.push({ partNumber, size: part.range.end - part.range.start, checksum: part.checksum })
  }
  const { after, limit } = page
  return { totalCount, after, limit, isTruncated: last < totalCount, parts }
}

function parseAttributes(headers: RequestHeaders): ReadonlySet<ObjectAttributeName> {
  const names = headers
    .all('x-amz-object-attributes')
    .flatMap((value) => value.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '')
  if (names.length === 0) {
    throw new S3Error(
      'InvalidRequest',
      {},
      { message: 'The x-amz-object-attributes header specifying the attributes is missing' },
    )
  }
  return new Set(names.map(parseAttribute))
}

function parseAttribute(name: string): ObjectAttributeName {
  const known = objectAttributeNames.find((candidate) => candidate === name)
  if (known !== undefined) return known
  throw new S3Error(
    'InvalidArgument',
    { ArgumentName: 'x-amz-object-attributes', ArgumentValue: name },
    { message: 'Invalid attribute name specified.' },
  )
}

const DIGITS = /^\d{1,9}$/

function parseCount(headers: RequestHeaders, name: string): number | null {
  const value = headers.get(name)
  if (value === null || value === '') return null
  if (DIGITS.test(value)) return Number(value)
  throw new S3Error('InvalidArgument', { ArgumentName: name, ArgumentValue: value })
}
