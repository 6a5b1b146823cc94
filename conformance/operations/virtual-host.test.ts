import { describe, expect, it } from 'vitest'
import { bucketName, useServer } from '../harness/fixture.ts'
import { elements } from '../harness/xml.ts'

const varve = useServer({ env: { VARVE_DOMAIN: 's3.varve.test' } })

describe('Virtual-hosted style', () => {
  it('finds the bucket in the host name', async () => {
    const bucket = bucketName()
    const headers = { host: `${bucket}.s3.varve.test:${varve.endpoint.port}` }
    expect((await varve.wire.send({ method: 'PUT', path: '/', headers })).status).toBe(200)
    const put = await varve.wire.send({ method: 'PUT', path: '/a/b%20c', body: 'x', headers })
    expect(put.status).toBe(200)
    const list = await varve.wire.send({ method: 'GET', path: '/', query: 'list-type=2', headers })
    expect(elements(list.text, 'Key')).toEqual(['a/b c'])
    const byPath = await varve.wire.send({ method: 'GET', path: `/${bucket}/a/b%20c` })
    expect(byPath.text).toBe('x')
  })

  it('leaves the domain itself to path style', async () => {
    const bucket = bucketName()
    const headers = { host: 's3.varve.test' }
    const put = await varve.wire.send({ method: 'PUT', path: `/${bucket}`, headers })
    expect(put.status).toBe(200)
    const list = await varve.wire.send({ method: 'GET', path: '/', headers })
    expect(elements(list.text, 'Name')).toContain(bucket)
  })

  it('is presigned too, and cannot be moved to another bucket', async () => {
    const [bucket, other] = [await varve.bucket(), await varve.bucket()]
    for (const name of [bucket, other]) {
      await varve.wire.send({ method: 'PUT', path: `/${name}/k`, body: name })
    }
    const headers = { host: `${bucket}.s3.varve.test` }
    const request = { method: 'GET', path: '/k', headers, auth: 'query' } as const
    expect((await varve.wire.send(request)).text).toBe(bucket)
    const prepared = varve.wire.prepare(request)
    const query = prepared.target.slice(prepared.target.indexOf('?') + 1)
    const moved = { ...headers, host: `${other}.s3.varve.test` }
    const reply = await varve.wire.send({
      method: 'GET',
      path: '/k',
      query,
      headers: moved,
      auth: 'none',
    })
    expect([reply.status, reply.code]).toEqual([403, 'SignatureDoesNotMatch'])
  })

  it('does not care for capitals in the host', async () => {
    const bucket = await varve.bucket()
    const headers = { host: `${bucket}.S3.Varve.Test` }
    const reply = await varve.wire.send({ method: 'HEAD', path: '/', headers })
    expect(reply.status).toBe(200)
  })
})
