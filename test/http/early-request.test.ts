import { expect, it } from 'vitest'
import { HttpServer } from '../../src/http/server.ts'
import type { RequestEvent } from '../../src/s3/events.ts'

it('answers what comes before it can serve, under one id, and tells of it', async () => {
  const events: RequestEvent[] = []
  await using server = await HttpServer.open({
    host: '127.0.0.1',
    port: 0,
    health: { notReady: () => 'starting' },
    onRequest: (event) => events.push(event),
  })
  const reply = await fetch(`http://127.0.0.1:${server.address.port}/photos/a?acl`)
  const id = reply.headers.get('x-amz-request-id')
  expect([reply.status, reply.headers.get('retry-after')]).toEqual([503, '1'])
  expect(id).toMatch(/^[0-9A-F]{16}$/)
  const text = await reply.text()
  expect(text).toContain('<Message>The server is still starting. Please try again.</Message>')
  expect(text).toContain(`<Resource>/photos/a</Resource><RequestId>${id}</RequestId>`)
  expect(events).toMatchObject([
    { requestId: id, method: 'GET', rawPath: '/photos/a', errorCode: 'ServiceUnavailable' },
  ])
})
