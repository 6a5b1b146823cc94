import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { useServer } from '../harness/fixture.ts'

const varve = useServer()
/** More than Node lets wait unless it is told. */
const COUNT = 1500
const REQUEST = 'GET /health/live HTTP/1.1\r\nHost: varve\r\nConnection: close\r\n\r\n'
const PATIENCE_MS = 10_000
const OK = 'HTTP/1.1 200'

/** What the system lets wait at the most. */
const queueMax = Number(await readFile('/proc/sys/net/core/somaxconn', 'utf8').catch(() => '0'))

function opened(): Promise<Socket> {
  const { host, port } = varve.endpoint
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    socket.once('connect', () => resolve(socket))
    socket.once('error', reject)
  })
}

/** The beginning of what is answered; the code of the error where the connection is cut. */
function answer(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    socket.on('data', (data) => {
      text += data
    })
    socket.on('end', () => resolve(text.slice(0, OK.length)))
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    socket.write(REQUEST)
  })
}

describe('Very many clients at one moment', () => {
  it.skipIf(queueMax < COUNT)('wait while the server is busy, and are all answered', async () => {
    const { pid } = varve.server
    if (pid === null) throw new Error('the server is not up')
    process.kill(pid, 'SIGSTOP')
    const sockets: Socket[] = []
    try {
      const opening = Array.from({ length: COUNT }, async () => sockets.push(await opened()))
      await Promise.race([Promise.all(opening), sleep(PATIENCE_MS)])
      expect(sockets.length).toBe(COUNT)
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    expect(new Set(await Promise.all(sockets.map(answer)))).toEqual(new Set([OK]))
  })
})
