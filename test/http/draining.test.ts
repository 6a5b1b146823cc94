import { expect, it } from 'vitest'
import { RawSocket } from './support/raw-socket.ts'
import { S3Server } from './support/s3-server.ts'

it('is live, and says that it is not ready, to whoever still asks while it drains', async () => {
  await using server = await S3Server.open()
  for (const path of ['/health/ready', '/health/live']) {
    expect((await fetch(`${server.endpoint}${path}`)).status).toBe(200)
  }
  const ready = await RawSocket.open(server.port)
  const live = await RawSocket.open(server.port)
  ready.write('GET /health/ready HTTP/1.1\r\nHost: x\r\n')
  live.write('GET /health/live HTTP/1.1\r\nHost: x\r\n')
  // Until the server has read what makes them requests under way.
  await new Promise((resolve) => setTimeout(resolve, 100))
  const drained = server.server.drain(5_000)
  for (const socket of [ready, live]) socket.write('Connection: close\r\n\r\n')
  expect(await ready.until((text) => text.includes('draining'))).toMatch(/^HTTP\/1.1 503 /)
  expect(await live.until((text) => text.includes('ok'))).toMatch(/^HTTP\/1.1 200 /)
  for (const socket of [ready, live]) socket[Symbol.dispose]()
  await drained
})
