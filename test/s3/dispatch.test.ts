import { describe, expect, it } from 'vitest'
import type { BucketName } from '../../src/model/bucket-name.ts'
import { Dispatcher } from '../../src/s3/dispatch.ts'
import { S3Error } from '../../src/s3/errors.ts'
import type { RawRequest } from '../../src/s3/request.ts'
import { StoreError } from '../../src/store/errors.ts'
import type { ObjectStore } from '../../src/store/object-store.ts'
import { identity, NOW } from './support/aws-examples.ts'
import { pieces, s3Request } from './support/s3-request.ts'
import { signed as sign } from './support/sign.ts'

/** A store of which only the named methods may be called. */
function storeOf(methods: Partial<ObjectStore>): ObjectStore {
  return new Proxy({} as ObjectStore, {
    get(_target, name: keyof ObjectStore) {
      const method = methods[name]
      if (method === undefined) throw new Error(`${name} was called`)
      return method
    },
  })
}

/** A bucket that nobody opened. */
const closed = () =>
  Promise.resolve({
    acl: 'private',
    ownership: 'BucketOwnerEnforced',
    publicAccessBlock: null,
  } as const)

function dispatcher(methods: Partial<ObjectStore> = {}, domains: readonly string[] = []) {
  const store = storeOf(methods)
  const clock = { now: () => NOW }
  return new Dispatcher({ store, identity, region: 'us-east-1', domains, clock })
}

interface Extra {
  readonly host?: string
  readonly headers?: Readonly<Record<string, string>>
}

async function signed(method: string, target: string, extra: Extra = {}): Promise<RawRequest> {
  const [path = '', search = ''] = target.split('?')
  const query = Object.fromEntries(new URLSearchParams(search))
  const headers = { ...extra.headers, ...(extra.host !== undefined && { host: extra.host }) }
  return s3Request(await sign({ method, path, query, headers }))
}

/** Fails the test when it is read. */
const untouchable = (request: RawRequest): RawRequest => ({
  ...request,
  body: {
    [Symbol.asyncIterator]: () => {
      throw new Error('the body was touched')
    },
  },
})

const unversioned = { versioning: 'unversioned' as const }

describe('errors', () => {
  it('are XML with the ids that the headers carry', async () => {
    const { reply, error } = await dispatcher().dispatch(
      s3Request({ method: 'GET', target: '/bucket/a%20b%3Cc?acl', headers: [] }),
    )
    expect(error?.code).toBe('AccessDenied')
    expect(reply.status).toBe(403)
    expect(reply.headers).toMatchObject({
      'content-type': 'application/xml',
      'x-amz-request-id': 'TEST',
    })
    const hostId = reply.headers['x-amz-id-2']
    expect(reply.body).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code>' +
        '<Message>Access Denied</Message><Resource>/bucket/a%20b%3Cc</Resource>' +
        `<RequestId>TEST</RequestId><HostId>${hostId}</HostId></Error>`,
    )
  })

  it('carry their details, escaped', async () => {
    const { reply } = await dispatcher().dispatch(await signed('GET', '/A%3CB?list-type=2'))
    expect(reply.status).toBe(400)
    expect(reply.body).toContain('<BucketName>A&lt;B</BucketName>')
  })

  it('nobody foresaw are InternalError, and what they say stays inside', async () => {
    const failing = dispatcher({
      getBucket: () => Promise.reject(new Error('/data/secret-path is broken')),
    })
    const { reply, error, operation } = await failing.dispatch(await signed('HEAD', '/bucket'))
    expect(reply.status).toBe(500)
    expect(operation).toBe('HeadBucket')
    expect(String(reply.body)).not.toContain('secret-path')
    expect(String(error?.cause)).toContain('secret-path')
  })

  it('of damage say nothing of where it is', async () => {
    const damage = new StoreError('corruption', 'segment 7, offset 12', { file: 'segment-7' })
    const failing = dispatcher({ getBucket: () => Promise.reject(damage) })
    const { reply, error } = await failing.dispatch(await signed('GET', '/bucket?location'))
    expect(reply.status).toBe(500)
    expect(String(reply.body)).not.toContain('segment')
    expect(error?.cause).toBe(damage)
  })

  it('of a store that cannot write now say when to try again', async () => {
    const failing = dispatcher({
      deleteBucket: () => Promise.reject(new StoreError('unavailable')),
    })
    const { reply } = await failing.dispatch(await signed('DELETE', '/bucket'))
    expect(reply.status).toBe(503)
    expect(reply.headers['retry-after']).toBe('1')
  })

  it('can be made for what never came this far', () => {
    const { reply, operation } = dispatcher().refuse(
      s3Request({ method: 'GET', target: '/', headers: [] }),
      new S3Error('SlowDown'),
    )
    expect(reply.status).toBe(503)
    expect(reply.body).toContain('<Code>SlowDown</Code>')
    expect(operation).toBeNull()
  })
})

describe('the road', () => {
  it('knows the operation before it knows the sender', async () => {
    const outcome = await dispatcher().dispatch(
      s3Request({ method: 'PUT', target: '/b/k?tagging', headers: [] }),
    )
    expect(outcome).toMatchObject({
      operation: 'PutObjectTagging',
      bucket: 'b',
      key: 'k',
      principal: { kind: 'anonymous' },
      error: { code: 'AccessDenied' },
    })
  })

  it.each([
    ['an anonymous request', 'PUT', '/bucket/key', 'AccessDenied'],
    ['a path that is none', 'PUT', '/bucket/%ff', 'InvalidURI'],
    ['an unknown method', 'PATCH', '/bucket/key', 'MethodNotAllowed'],
  ])('touches no body of %s', async (_name, method, target, code) => {
    const request = untouchable(
      s3Request({ method, target: '/', headers: [['content-length', '3']] }),
    )
    const shut = dispatcher({ getBucketAccess: closed })
    const { error } = await shut.dispatch({ ...request, rawPath: target })
    expect(error?.code).toBe(code)
  })

  it('touches no body that the headers refuse', async () => {
    const headers = { 'x-amz-acl': 'everybody', 'content-length': '3' }
    const request = untouchable(await signed('PUT', '/bucket/key', { headers }))
    const { error } = await dispatcher().dispatch(request)
    expect(error?.code).toBe('InvalidArgument')
  })

  it('finds the bucket in the host', async () => {
    let asked: BucketName | null = null
    const hosted = dispatcher(
      {
        getBucket: (name) => {
          asked = name
          return Promise.resolve({ name, createdAt: 0, region: 'us-east-1', ...unversioned })
        },
      },
      ['s3.example.org'],
    )
    const host = 'photos.s3.example.org:9000'
    const { reply } = await hosted.dispatch(await signed('HEAD', '/', { host }))
    expect(reply.status).toBe(200)
    expect(asked).toBe('photos')
  })

  it('keeps to the bucket owner that the client expects', async () => {
    const found = dispatcher({
      getBucket: (name) =>
        Promise.resolve({ name, createdAt: 0, region: 'us-east-1', ...unversioned }),
    })
    const ask = async (id: string) => {
      const headers = { 'x-amz-expected-bucket-owner': id }
      return (await found.dispatch(await signed('HEAD', '/bucket', { headers }))).reply.status
    }
    expect(await ask('8bcf7fe936d8b8e4d6e62723ac811697da535718bff8a1ffb56614b0f0590387')).toBe(200)
    expect(await ask('000000000000')).toBe(200)
    expect(await ask('123456789012')).toBe(403)
    const name = 'x-amz-source-expected-bucket-owner'
    const headers = { 'x-amz-copy-source': 'other/key', [name]: '123456789012' }
    const { reply } = await found.dispatch(await signed('PUT', '/bucket/key', { headers }))
    expect(reply.status).toBe(403)
  })

  it('asks leave for the source of a copy as well', async () => {
    const { copyObject } = await import('../../src/s3/operations/object/copy-object.ts')
    const source = { bucket: 'b', key: 's', conditions: {} }
    expect(copyObject.alsoNeeds?.({ source })).toEqual([
      { action: 's3:GetObject', bucket: 'b', key: 's' },
    ])
  })
})

describe('bodies', () => {
  it('are not taken for text when they are longer than the document may be', async () => {
    const headers = { 'content-length': String(100 * 1024) }
    const request = await signed('PUT', '/bucket/key?tagging', { headers })
    const { error } = await dispatcher().dispatch({ ...request, body: pieces('x') })
    expect(error?.code).toBe('MaxMessageLengthExceeded')
  })
})
