import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { S3Error } from '../../src/s3/errors.ts'
import type { Operation, Route } from '../../src/s3/operation.ts'
import { operations } from '../../src/s3/operations.ts'
import { Router } from '../../src/s3/route.ts'
import { s3Request } from './support/s3-request.ts'

const router = new Router(operations)
const PATHS = { service: '/', bucket: '/bucket', object: '/bucket/key' } as const

function find(method: string, path: string, headers: Record<string, string> = {}): string {
  return router.find(s3Request({ method, target: path, headers: Object.entries(headers) })).name
}

/** The simplest request that a row describes. */
function requestFor({ method, resource, query = [], header }: Route) {
  const search = query.map((wanted) => (wanted.includes('=') ? wanted : `${wanted}=`)).join('&')
  const target = `${PATHS[resource]}${search === '' ? '' : `?${search}`}`
  return s3Request({ method, target, headers: header === undefined ? [] : [[header, '/b/k']] })
}

describe('the table of operations', () => {
  it.each(operations.map((row) => [row.name, row] as const))('routes to %s', (_name, row) => {
    expect(router.find(requestFor(row.route))).toBe(row)
  })

  it('names each operation once', () => {
    const names = operations.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })

  it('gives each operation an IAM action', () => {
    for (const { name, action } of operations) expect(action, name).toMatch(/^s3:[A-Z][A-Za-z]+$/)
  })

  it('lets nobody in without a signature but preflights', () => {
    const open = operations.filter(({ isPublic }) => isPublic === true)
    expect(open.map(({ route }) => route.method)).toEqual(['OPTIONS', 'OPTIONS'])
  })
})

describe('routing', () => {
  it('tells operations apart by query and header', () => {
    expect(find('GET', '/bucket')).toBe('ListObjects')
    expect(find('GET', '/bucket?list-type=2')).toBe('ListObjectsV2')
    expect(find('GET', '/bucket?list-type=1')).toBe('ListObjects')
    expect(find('PUT', '/b/k')).toBe('PutObject')
    expect(find('PUT', '/b/k', { 'x-amz-copy-source': '/b/s' })).toBe('CopyObject')
    expect(find('PUT', '/b/k?partNumber=1&uploadId=u')).toBe('UploadPart')
    expect(find('PUT', '/b/k?uploadId=u&partNumber=1', { 'x-amz-copy-source': '/b/s' })).toBe(
      'UploadPartCopy',
    )
    expect(find('GET', '/bucket?analytics&id=a')).toBe('GetBucketAnalyticsConfiguration')
    expect(find('GET', '/bucket?analytics')).toBe('ListBucketAnalyticsConfigurations')
  })

  it('disregards parameters that mean nothing to it, such as x-id', () => {
    expect(find('GET', '/b/k?x-id=GetObject')).toBe('GetObject')
    expect(find('PUT', '/b/?x-id=CreateBucket')).toBe('CreateBucket')
    expect(find('GET', '/b/k?partNumber=1&response-expires=0')).toBe('GetObject')
    expect(find('GET', '/?x-id=ListBuckets')).toBe('ListBuckets')
  })

  it('knows keys that look like something else', () => {
    expect(find('GET', '/b//')).toBe('GetObject')
    expect(find('GET', '/b/?acl')).toBe('GetBucketAcl')
    expect(find('DELETE', '/b/%3Facl')).toBe('DeleteObject')
  })

  it('refuses two subresources at once', () => {
    expect(() => find('GET', '/bucket?acl&policy')).toThrow('Conflicting query string parameters')
  })

  it('says which methods a subresource has', () => {
    const refusal = refusalOf(() => find('POST', '/bucket?cors'))
    expect(refusal.code).toBe('MethodNotAllowed')
    expect(refusal.headers).toEqual({ allow: 'DELETE, GET, PUT' })
  })

  it('never takes a request about a part of a resource for one about the resource', () => {
    const plain = new Set(
      operations.filter(({ route }) => route.query === undefined).map(({ name }) => name),
    )
    const names = [...new Set(operations.flatMap(({ route }) => route.query ?? []))].filter(
      (name) => !['list-type=2', 'id', 'partNumber'].includes(name),
    )
    fc.assert(
      fc.property(
        fc.constantFrom('GET', 'HEAD', 'PUT', 'POST', 'DELETE'),
        fc.constantFrom('/bucket', '/bucket/key'),
        fc.constantFrom(...names),
        (method, path, name) => {
          const resource = path === '/bucket' ? 'bucket' : 'object'
          const isKnown = operations.some(
            (row) => row.route.resource === resource && row.route.query?.includes(name) === true,
          )
          if (!isKnown) return
          let found: Operation | null = null
          try {
            found = router.find(s3Request({ method, target: `${path}?${name}`, headers: [] }))
          } catch (error) {
            expect(error).toBeInstanceOf(S3Error)
          }
          expect(plain.has(found?.name ?? '')).toBe(false)
        },
      ),
    )
  })
})

function refusalOf(act: () => unknown): S3Error {
  try {
    act()
  } catch (error) {
    if (error instanceof S3Error) return error
  }
  throw new Error('was not refused')
}
