import { objectHeaders } from '../../object-headers.ts'
import { operation } from '../../operation.ts'
import { decodeRead, readObject } from './read-object.ts'

/** GetObject: streams an object, whole or one byte range or part of it. */
export const getObject = operation({
  name: 'GetObject',
  route: { method: 'GET', resource: 'object' },
  action: 's3:GetObject',
  acl: 'read',

  decode: decodeRead,

  async handle({ store, principal, signal }, input) {
    const object = await readObject(principal, input, (query) =>
      store.getObject({ signal, ...query }),
    )
    return {
      status: object.isPartial ? 206 : 200,
      headers: objectHeaders(object, input.headers),
      body: object.body,
    }
  },
})
