import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { presignedGet, presignedPut } from './support/presign.ts'
import { exchange, RawSocket } from './support/raw-socket.ts'
import { S3Server } from './support/s3-server.ts'

const BUCKET = 'raw-bucket'

let server: S3Server
beforeAll(async () => {
  server = await S3Server.open({ limits: { headersTimeoutMs: 300, bodyIdleTimeoutMs: 400 } })
  await server.client.send(new CreateBucketCommand({ Bucket: BUCKET }))
  await server.client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'k', Body: 'value' }))
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
})

const exists = async (key: string) => {
  const page = await server.store.listObjects({
    bucket: BUCKET as never,
    prefix: key,
    delimiter: '',
    after: '',
    limit: 10,
  })
  return page.objects.some((object) => object.key === key)
}

const underWay = async () => {
  while (server.server.requestsInProgress === 0) await new Promise(setImmediate)
}

describe('what the parser refuses is answered in S3 XML and the connection closed', () => {
  const put = 'PUT /raw-bucket/smuggled HTTP/1.1\r\nHost: x\r\n'
  const cases: readonly (readonly [string, string])[] = [
    [
      'content-length and transfer-encoding',
      `${put}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['two content-lengths that differ', `${put}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`],
    ['two content-lengths that agree', `${put}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`],
    ['negative content-length', `${put}Content-Length: -1\r\n\r\n`],
    ['empty content-length', `${put}Content-Length: \r\n\r\n`],
    ['content-length with a sign', `${put}Content-Length: +3\r\n\r\nabc`],
    ['space before the colon', `${put}Content-Length : 3\r\n\r\nabc`],
    ['bare line feeds', 'GET / HTTP/1.1\nHost: x\n\n'],
    ['bare carriage return in a header', 'GET / HTTP/1.1\r\nHost: x\r\nX-A: a\rb\r\n\r\n'],
    ['NUL in a header', 'GET / HTTP/1.1\r\nHost: x\r\nX-A: a\0b\r\n\r\n'],
    ['a folded header', 'GET / HTTP/1.1\r\nHost: x\r\nX-A: a\r\n b\r\n\r\n'],
    ['unknown transfer-encoding', `${put}Transfer-Encoding: xchunked\r\n\r\n`],
    ['chunk size that is no number', `${put}Transfer-Encoding: chunked\r\n\r\nzz\r\n`],
    ['no host', 'GET / HTTP/1.1\r\n\r\n'],
    ['garbage', '\x16\x03\x01\x02\0\x01\0\x01\xfc\r\n\r\n'],
    ['NUL in the target', 'GET /a\0b HTTP/1.1\r\nHost: x\r\n\r\n'],
  ]

  it.each(cases)('%s', async (_name, data) => {
    const reply = await exchange(server.port, data)
    // Two requests must never come out of one.
    expect(reply.match(/^HTTP\/1\.1 /gm)).toHaveLength(1)
    expect(reply).toMatch(/^HTTP\/1\.1 (400|403|411) /)
    expect(reply.toLowerCase()).toContain('connection: close')
    expect(await exists('smuggled')).toBe(false)
  })

  it('says so in XML', async () => {
    const reply = await exchange(server.port, cases[3]![1])
    expect(reply).toContain('content-type: application/xml')
    expect(reply).toContain('<Error><Code>BadRequest</Code>')
  })

  it('under an id that its header, its body and its one line in the log share', async () => {
    server.events.length = 0
    const reply = await exchange(server.port, cases[3]![1])
    const [, id] = /^x-amz-request-id: ([0-9A-F]{16})\r$/m.exec(reply) ?? []
    expect(reply).toContain(`<RequestId>${id}</RequestId>`)
    expect(server.events).toMatchObject([
      { requestId: id, status: 400, errorCode: 'BadRequest', operation: null, method: '' },
    ])
  })

  it('headers beyond the limit', async () => {
    const reply = await exchange(
      server.port,
      `GET / HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(70_000)}\r\n\r\n`,
    )
    expect(reply).toMatch(/^HTTP\/1\.1 400 /)
    expect(reply).toContain('<Code>RequestHeaderSectionTooLarge</Code>')
  })

  it('more headers than the limit: Node would drop some of them', async () => {
    const headers = Array.from({ length: 1000 }, (_, index) => `a${index}: 1\r\n`).join('')
    const reply = await exchange(
      server.port,
      `GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`,
    )
    expect(reply).toContain('<Code>RequestHeaderSectionTooLarge</Code>')
  })

  it('headers that do not come', async () => {
    const reply = await exchange(server.port, 'GET / HTTP/1.1\r\nHost: x\r\n')
    expect(reply).toContain('<Code>RequestTimeout</Code>')
  })
})

describe('request targets', () => {
  it('takes the absolute form that proxies send', async () => {
    const target = await presignedGet(server, BUCKET, 'k')
    const host = `127.0.0.1:${server.port}`
    const reply = await exchange(
      server.port,
      `GET http://${host}${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    )
    expect(reply).toMatch(/^HTTP\/1\.1 200 /)
    expect(reply.endsWith('value')).toBe(true)
  })

  it('refuses an absolute form whose host differs from the Host that is signed', async () => {
    const target = await presignedGet(server, BUCKET, 'k')
    const reply = await exchange(
      server.port,
      `GET http://other${target} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nConnection: close\r\n\r\n`,
    )
    expect(reply).toMatch(/^HTTP\/1\.1 400 /)
  })

  it.each([
    ['OPTIONS *', 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['CONNECT', 'CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n', /^HTTP\/1\.1 405 /],
    ['TRACE', 'TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 405 /],
    [
      'a broken escape',
      'GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 400 /,
    ],
    [
      'overlong UTF-8',
      'GET /b/%c0%af HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 400 /,
    ],
  ])('answers %s', async (_name, data, expected) => {
    const reply = await exchange(server.port, data)
    expect(reply).toMatch(expected)
    expect(reply).toContain('<Error>')
  })

  it('disregards an expectation that is not 100-continue', async () => {
    const target = await presignedGet(server, BUCKET, 'k')
    const reply = await exchange(
      server.port,
      `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nExpect: 200\r\nConnection: close\r\n\r\n`,
    )
    expect(reply).toMatch(/^HTTP\/1\.1 200 /)
  })
})

describe('bodies on their way in', () => {
  const head = async (key: string, headers: string) => {
    const target = await presignedPut(server, BUCKET, key)
    return `PUT ${target} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n${headers}\r\n`
  }

  it('sends 100 Continue only when the body is wanted', async () => {
    using socket = await RawSocket.open(server.port)
    socket.write(await head('continued', 'Expect: 100-continue\r\nContent-Length: 5\r\n'))
    await socket.until((text) => text.includes('\r\n\r\n'))
    expect(socket.text).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    socket.write('hello')
    await socket.until((text) => text.includes('HTTP/1.1 200 '))
    expect(await exists('continued')).toBe(true)
  })

  it('refuses without 100 Continue, at once, and closes', async () => {
    using socket = await RawSocket.open(server.port)
    socket.write(
      `PUT /${BUCKET}/refused HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5000000\r\n\r\n`,
    )
    await socket.reply()
    expect(socket.text).toMatch(/^HTTP\/1\.1 403 /)
    expect(socket.text.toLowerCase()).toContain('connection: close')
    socket.end()
    await socket.closed()
  })

  it('tells a client that is still sending why it was refused', async () => {
    using socket = await RawSocket.open(server.port)
    socket.write(`PUT /${BUCKET}/refused HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n`)
    for (let sent = 0; sent < 8_000_000; sent += 80_000) socket.write(Buffer.alloc(80_000))
    const reply = await socket.closed()
    expect(reply).toMatch(/^HTTP\/1\.1 403 /)
    expect(reply).toContain('<Code>AccessDenied</Code>')
    expect(reply.toLowerCase()).toContain('connection: close')
  })

  it('keeps the connection when a small body was not wanted', async () => {
    using socket = await RawSocket.open(server.port)
    socket.write(`PUT /${BUCKET}/refused HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello`)
    await socket.until((text) => text.includes('</Error>'))
    socket.write(
      `GET ${await presignedGet(server, BUCKET, 'k')} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`,
    )
    await socket.until((text) => text.endsWith('value'))
    expect(socket.text).toContain('HTTP/1.1 200 ')
  })

  it('answers IncompleteBody when the client sends no more than half', async () => {
    using socket = await RawSocket.open(server.port)
    socket.write(`${await head('half', 'Content-Length: 10\r\n')}hello`)
    await underWay()
    socket.end()
    const reply = await socket.closed()
    expect(reply).toMatch(/^HTTP\/1\.1 400 /)
    expect(reply).toContain('<Code>IncompleteBody</Code>')
    expect(await exists('half')).toBe(false)
  })

  it('keeps nothing of a body that is reset', async () => {
    const before = server.events.length
    using socket = await RawSocket.open(server.port)
    socket.write(`${await head('reset', 'Content-Length: 1000000\r\n')}hello`)
    await underWay()
    socket.reset()
    while (server.events.length === before) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(await exists('reset')).toBe(false)
    expect(server.events.at(-1)).toMatchObject({
      operation: 'PutObject',
      isComplete: false,
      remoteAddress: '127.0.0.1',
    })
    expect(server.server.requestsInProgress).toBe(0)
  })

  it('gives up on a body that stops coming', async () => {
    using socket = await RawSocket.open(server.port)
    socket.write(`${await head('stalled', 'Content-Length: 10\r\n')}hello`)
    const reply = await socket.closed()
    expect(reply).toMatch(/^HTTP\/1\.1 400 /)
    expect(reply).toContain('<Code>RequestTimeout</Code>')
    expect(await exists('stalled')).toBe(false)
  })

  it('answers what came before nonsense, then closes', async () => {
    const target = await presignedGet(server, BUCKET, 'k')
    const reply = await exchange(
      server.port,
      `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n\0\0\0\0\r\n\r\n`,
    )
    expect(reply.match(/^HTTP\/1\.1 /gm)).toHaveLength(1)
    expect(reply).toMatch(/^HTTP\/1\.1 200 /)
    expect(reply.endsWith('value')).toBe(true)
  })

  it('keeps all of a body that came whole before nonsense', async () => {
    for (const size of [5, 300_000]) {
      const put = await head(`before-nonsense-${size}`, `Content-Length: ${size}\r\n`)
      const reply = await exchange(server.port, `${put}${'x'.repeat(size)}\0\0\0\0\r\n\r\n`)
      expect(reply.match(/^HTTP\/1\.1 /gm)).toHaveLength(1)
      expect(reply).toMatch(/^HTTP\/1\.1 200 /)
      expect(await exists(`before-nonsense-${size}`)).toBe(true)
    }
  })

  it('refuses half a body before nonsense, also when it has to wait its turn', async () => {
    const target = await presignedGet(server, BUCKET, 'k')
    const put = await head('half-before-nonsense', 'Transfer-Encoding: chunked\r\n')
    const reply = await exchange(
      server.port,
      `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n${put}5\r\nhello\r\nzz\r\n`,
    )
    const [, first = '', second = ''] = reply.split('HTTP/1.1 ')
    expect(first).toMatch(/^200 .*value$/s)
    expect(second).toContain('<Code>IncompleteBody</Code>')
    expect(await exists('half-before-nonsense')).toBe(false)
  })

  it('serves requests that came in one packet, in order', async () => {
    const target = await presignedGet(server, BUCKET, 'k')
    const get = `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n`
    const put = await head('pipelined', 'Content-Length: 5\r\n')
    const reply = await exchange(
      server.port,
      `${get}\r\n${put}hello${get}Connection: close\r\n\r\n`,
    )
    expect(reply.match(/HTTP\/1\.1 200 /g)).toHaveLength(3)
    expect(reply.match(/value/g)).toHaveLength(2)
    expect(await exists('pipelined')).toBe(true)
  })
})
