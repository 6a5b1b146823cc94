import { objectHeaders } from '../../object-headers.ts'
import { operation } from '../../operation.ts'
import { decodeRead, readObject } from './read-object.ts'

/** HeadObject: what GetObject would say, without the bytes. */
export const headObject = operation({
  name: 'HeadObject',
  route: { method: 'HEAD', resource: 'object' },
  action: 's3:GetObject',
  acl: 'read',

  decode: decodeRead,

  async handle({ store, principal, signal }, input) {
    const object = await readObject(principal, input, (query) =>
      store.headObject({ signal, ...query }),
    )
    return {
      status: object.isPartial ? 206 : 200,
      headers: objectHeaders(object, input.headers),
    }
  },
})
