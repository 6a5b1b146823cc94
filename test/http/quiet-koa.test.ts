import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Middleware } from 'koa'
import { afterEach, describe, expect, it } from 'vitest'
import { QuietKoa } from '../../src/http/quiet-koa.ts'

describe('Koa without its watch', () => {
  const closing: (() => void)[] = []
  afterEach(() => {
    for (const close of closing.splice(0)) close()
  })

  async function ask(middleware: Middleware): Promise<Response> {
    const app = new QuietKoa()
    app.silent = true
    app.use(middleware)
    const server = createServer(app.callback())
    closing.push(() => server.close())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  }

  const listenersOf = (response: ServerResponse) =>
    response.eventNames().map((name) => [name, response.listenerCount(name)])

  it('hangs no listener on a reply beside those of Node', async () => {
    let nodes: unknown = null
    const plain = createServer((_request, response) => {
      nodes = listenersOf(response)
      response.end()
    })
    closing.push(() => plain.close())
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve))
    await fetch(`http://127.0.0.1:${(plain.address() as AddressInfo).port}/`)

    let ours: unknown = null
    await ask((context) => {
      ours = listenersOf(context.res)
      context.respond = false
      context.res.end()
    })
    expect(ours).toEqual(nodes)
  })

  it('answers for a middleware that fails', async () => {
    const failing: Middleware[] = [
      () => Promise.reject(new Error('on purpose')),
      () => {
        throw new Error('on purpose')
      },
    ]
    for (const middleware of failing) expect((await ask(middleware)).status).toBe(500)
  })
})
