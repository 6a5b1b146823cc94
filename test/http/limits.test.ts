import { Readable } from 'node:stream'
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it, vi } from 'vitest'
import { Admission } from '../../src/http/limits.ts'
import type { ObjectStore } from '../../src/store/object-store.ts'
import { presignedGet, presignedPut } from './support/presign.ts'
import { RawSocket } from './support/raw-socket.ts'
import { replacing } from './support/replacing.ts'
import { S3Server } from './support/s3-server.ts'

const BUCKET = 'limits-bucket'

/** A store whose getObject waits until it is let go. */
function slowReads() {
  let release = () => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const wrap = (store: ObjectStore): ObjectStore =>
    replacing(store, {
      async getObject(input) {
        await gate
        return store.getObject(input)
      },
    })
  return { wrap, release }
}

async function withObject(server: S3Server, body: string | Buffer = 'value') {
  await server.client.send(new CreateBucketCommand({ Bucket: BUCKET }))
  await server.client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'k', Body: body }))
}

describe('admission', () => {
  it('counts requests and bodies apart, and nothing that it refused', () => {
    const admission = new Admission({ requestsMax: 2, bodiesMax: 1 })
    expect(admission.enter('body')).toBe(true)
    expect(admission.enter('body')).toBe(false)
    expect(admission.enter('bodiless')).toBe(true)
    expect(admission.enter('bodiless')).toBe(false)
    expect(admission).toMatchObject({ requests: 2, bodies: 1 })
    admission.leave('body')
    expect(admission.enter('body')).toBe(true)
    expect(admission).toMatchObject({ requests: 2, bodies: 1 })
  })

  it('lets forms, of whom nobody knows yet who sends them, take a part of the places', () => {
    const admission = new Admission({ requestsMax: 20, bodiesMax: 8 })
    const entered = () => admission.enter('form')
    expect([entered(), entered(), entered()]).toEqual([true, true, false])
    expect(admission.enter('body')).toBe(true)
    admission.leave('form')
    expect([entered(), entered()]).toEqual([true, false])
    expect(admission).toMatchObject({ requests: 3, bodies: 3 })
  })
})

describe('overload', () => {
  it('answers SlowDown with Retry-After while too many requests are in progress', async () => {
    const { wrap, release } = slowReads()
    await using server = await S3Server.open({ wrapStore: wrap, limits: { requestsMax: 1 } })
    await withObject(server)
    const slow = server.client.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'k' }))
    while (server.server.requestsInProgress === 0) await new Promise(setImmediate)
    const refusal = await fetch(`${server.endpoint}/${BUCKET}/k`)
    expect(refusal.status).toBe(503)
    expect(refusal.headers.get('retry-after')).toBe('1')
    expect(await refusal.text()).toContain('<Code>SlowDown</Code>')
    release()
    expect(await (await slow).Body?.transformToString()).toBe('value')
    expect(server.server.requestsInProgress).toBe(0)
    expect(
      (await fetch(`${server.endpoint}${await presignedGet(server, BUCKET, 'k')}`)).status,
    ).toBe(200)
  })

  it('refuses one upload too many before its body is sent, and still serves reads', async () => {
    await using server = await S3Server.open({ limits: { bodiesMax: 1 } })
    await withObject(server)
    const put = async (key: string) =>
      `PUT ${await presignedPut(server, BUCKET, key)} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`
    using first = await RawSocket.open(server.port)
    first.write(await put('first'))
    await first.until((text) => text.includes('100 Continue'))
    using second = await RawSocket.open(server.port)
    second.write(await put('second'))
    await second.reply()
    expect(second.text).toMatch(/^HTTP\/1\.1 503 /)
    expect(second.text).toContain('<Code>SlowDown</Code>')
    expect(
      (await fetch(`${server.endpoint}${await presignedGet(server, BUCKET, 'k')}`)).status,
    ).toBe(200)
    first.write('hello')
    await first.until((text) => text.includes('HTTP/1.1 200 '))
  })

  it('is none by those who begin forms, and send on', async () => {
    await using server = await S3Server.open({ limits: { bodiesMax: 2 } })
    await withObject(server)
    const nobody = await Promise.all([1, 2].map(() => RawSocket.open(server.port)))
    for (const socket of nobody) {
      socket.write(
        `POST /${BUCKET} HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n` +
          'Content-Type: multipart/form-data; boundary=X\r\n\r\n--X\r\n',
      )
    }
    await Promise.any(nobody.map((socket) => socket.reply()))
    const put = await presignedPut(server, BUCKET, 'k')
    const reply = await fetch(`${server.endpoint}${put}`, { method: 'PUT', body: 'mine' })
    expect(reply.status).toBe(200)
    for (const socket of nobody) socket[Symbol.dispose]()
  })

  it('is none by those who were refused, and send on', async () => {
    await using server = await S3Server.open({ limits: { requestsMax: 1, bodiesMax: 1 } })
    await withObject(server)
    using nobody = await RawSocket.open(server.port)
    nobody.write(`PUT /${BUCKET}/k HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n`)
    await nobody.reply()
    expect(nobody.text).toMatch(/^HTTP\/1\.1 403 /)
    nobody.write('x')
    const put = await presignedPut(server, BUCKET, 'k')
    const reply = await fetch(`${server.endpoint}${put}`, { method: 'PUT', body: 'mine' })
    expect(reply.status).toBe(200)
  })
})

describe('requests that are sent before the answers to those before them', () => {
  const gets = async (server: S3Server, count: number) => {
    const get = `GET ${await presignedGet(server, BUCKET, 'k')} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`
    return get.repeat(count)
  }

  it('wait for their turn', async () => {
    const { wrap, release } = slowReads()
    await using server = await S3Server.open({ wrapStore: wrap })
    await withObject(server)
    using socket = await RawSocket.open(server.port)
    socket.write(await gets(server, 3))
    while (server.server.requestsInProgress === 0) await new Promise(setImmediate)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(server.server.requestsInProgress).toBe(1)
    release()
    await socket.until((text) => text.match(/value/g)?.length === 3)
    expect(server.server.requestsInProgress).toBe(0)
  })

  it('leave nothing behind when the client goes', async () => {
    await using server = await S3Server.open()
    await withObject(server, Buffer.alloc(16 * 1024 * 1024))
    const before = server.events.length
    const socket = await RawSocket.open(server.port)
    socket.write(await gets(server, 10))
    await socket.until((text) => text.length > 0)
    socket.reset()
    while (server.server.requestsInProgress > 0) await new Promise(setImmediate)
    await vi.waitFor(() => expect(server.events.length).toBeGreaterThan(before))
    expect(server.events.slice(before)).toMatchObject([
      { operation: 'GetObject', isComplete: false },
    ])
  })

  it('are a few', async () => {
    const { wrap, release } = slowReads()
    await using server = await S3Server.open({ wrapStore: wrap })
    await withObject(server)
    using socket = await RawSocket.open(server.port)
    socket.write(await gets(server, 40))
    expect(await socket.closed()).toBe('')
    release()
  })
})

describe('slow clients', () => {
  it('cuts off a body that dribbles, however steadily', async () => {
    await using server = await S3Server.open({
      limits: { bodyIdleTimeoutMs: 5_000, bodyRateMin: 1000, bodyRateWindowMs: 200 },
    })
    await withObject(server)
    using socket = await RawSocket.open(server.port)
    socket.write(
      `PUT ${await presignedPut(server, BUCKET, 'slow')} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nContent-Length: 100000\r\n\r\n`,
    )
    const dribble = setInterval(() => socket.write('x'), 20)
    try {
      expect(await socket.closed()).toContain('<Code>RequestTimeout</Code>')
    } finally {
      clearInterval(dribble)
    }
  })

  it.each(['pieces', 'one piece'])('cuts off a client that does not read %s', async (name) => {
    const value = Buffer.alloc(64 * 1024 * 1024)
    const wrapStore = (store: ObjectStore) =>
      replacing(store, {
        async getObject(input) {
          const object = await store.getObject(input)
          if (name === 'pieces') return object
          await object.body[Symbol.asyncIterator]().return?.()
          return { ...object, body: Readable.from([value]) }
        },
      })
    await using server = await S3Server.open({ limits: { replyIdleTimeoutMs: 200 }, wrapStore })
    await withObject(server, value)
    const before = server.events.length
    const { connect } = await import('node:net')
    const socket = connect(server.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.pause()
    socket.write(
      `GET ${await presignedGet(server, BUCKET, 'k')} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`,
    )
    while (server.events.length === before) await new Promise((resolve) => setTimeout(resolve, 10))
    socket.destroy()
    expect(server.events.at(-1)).toMatchObject({ operation: 'GetObject', isComplete: false })
    expect(server.server.requestsInProgress).toBe(0)
  })
})

describe('replies that fail on their way', () => {
  const body = async function* (chunks: readonly (string | Error)[]) {
    for (const chunk of chunks) {
      if (chunk instanceof Error) throw chunk
      yield Buffer.from(chunk)
    }
  }
  const serving = (chunks: readonly (string | Error)[]) =>
    S3Server.open({
      wrapStore: (store) =>
        replacing(store, {
          async getObject(input) {
            return { ...(await store.getObject(input)), body: body(chunks) }
          },
        }),
    })

  it.each([
    ['breaks in the middle', ['va', new Error('damaged')]],
    ['ends too early', ['va']],
    ['is too long', ['value', 'value']],
  ])('never ends cleanly a body that %s', async (name, chunks) => {
    await using server = await serving(chunks)
    await withObject(server)
    using socket = await RawSocket.open(server.port)
    socket.write(
      `GET ${await presignedGet(server, BUCKET, 'k')} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`,
    )
    if (name === 'is too long') {
      expect((await socket.reply()).endsWith('\r\n\r\nvalue')).toBe(true)
      return
    }
    const reply = await socket.closed()
    expect(reply).not.toContain('value')
    expect(reply === '' || reply.includes('content-length: 5')).toBe(true)
    const event = server.events.at(-1)
    expect(event).toMatchObject({ status: 200, errorCode: 'InternalError', isComplete: false })
  })

  it('tells the reader of a body that the client is gone', async () => {
    let isReturned = false
    let signal: AbortSignal | null = null
    const endless = async function* () {
      try {
        for (;;) yield Buffer.alloc(65536)
      } finally {
        isReturned = true
      }
    }
    await using server = await S3Server.open({
      wrapStore: (store) =>
        replacing(store, {
          async getObject(input) {
            signal = input.signal
            const size = Number.MAX_SAFE_INTEGER
            const range = { start: 0, end: size }
            return { ...(await store.getObject(input)), size, range, body: endless() }
          },
        }),
    })
    await withObject(server)
    using socket = await RawSocket.open(server.port)
    socket.write(
      `GET ${await presignedGet(server, BUCKET, 'k')} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`,
    )
    await socket.until((text) => text.length > 100_000)
    socket.reset()
    while (!isReturned) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(signal).toMatchObject({ aborted: true })
  })
})

describe('health', () => {
  it('answers without credentials, and readiness follows the probe', async () => {
    await using server = await S3Server.open()
    const status = async (path: string, init?: RequestInit) =>
      (await fetch(`${server.endpoint}${path}`, init)).status
    expect(await status('/health/live')).toBe(200)
    expect(await status('/health/ready')).toBe(200)
    expect(await status('/health/ready', { method: 'HEAD' })).toBe(200)
    server.isReady = false
    expect(await status('/health/live')).toBe(200)
    expect(await status('/health/ready')).toBe(503)
    // Anything else is about a bucket of that name, which is not there.
    expect(await status('/health/live', { method: 'PUT' })).toBe(404)
    expect(await status('/health/live/')).toBe(404)
    expect(await status('/health/live?x')).toBe(404)
  })

  it('leaves a bucket of that name usable', async () => {
    await using server = await S3Server.open()
    await server.client.send(new CreateBucketCommand({ Bucket: 'health' }))
    await server.client.send(new PutObjectCommand({ Bucket: 'health', Key: 'live', Body: 'mine' }))
    const got = await server.client.send(new GetObjectCommand({ Bucket: 'health', Key: 'live' }))
    expect(await got.Body?.transformToString()).toBe('mine')
  })
})

describe('draining', () => {
  it('finishes what is under way, takes nothing new, and closes idle connections', async () => {
    const { wrap, release } = slowReads()
    await using server = await S3Server.open({ wrapStore: wrap })
    await withObject(server)
    const get = `GET ${await presignedGet(server, BUCKET, 'k')} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`
    using idle = await RawSocket.open(server.port)
    using busy = await RawSocket.open(server.port)
    busy.write(get)
    while (server.server.requestsInProgress === 0) await new Promise(setImmediate)
    const port = server.port
    const drained = server.server.drain(5_000)
    await expect(RawSocket.open(port)).rejects.toThrow()
    await idle.closed()
    release()
    const reply = await busy.closed()
    expect(reply).toMatch(/^HTTP\/1\.1 200 /)
    expect(reply.toLowerCase()).toContain('connection: close')
    expect(reply.endsWith('value')).toBe(true)
    expect(await drained).toBe(true)
  })

  it('cuts off what does not finish in time, and says so', async () => {
    const { wrap, release } = slowReads()
    await using server = await S3Server.open({ wrapStore: wrap })
    await withObject(server)
    using busy = await RawSocket.open(server.port)
    busy.write(
      `GET ${await presignedGet(server, BUCKET, 'k')} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`,
    )
    while (server.server.requestsInProgress === 0) await new Promise(setImmediate)
    expect(await server.server.drain(100)).toBe(false)
    expect(await busy.closed()).toBe('')
    release()
  })
})
