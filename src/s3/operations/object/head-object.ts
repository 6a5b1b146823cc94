import { objectHeaders } from '../../object-headers.ts'
import { operation } from '../../operation.ts'
import { decodeRead } from './read-object.ts'

/** HeadObject: what GetObject would say, without the bytes. */
export const headObject = operation({
  name: 'HeadObject',
  route: { method: 'HEAD', resource: 'object' },
  action: 's3:GetObject',

  decode: decodeRead,

  async handle({ store, signal }, { query, headers }) {
    const object = await store.headObject({ ...query, signal })
    return {
      status: object.isPartial ? 206 : 200,
      headers: objectHeaders(object, headers),
    }
  },
})
