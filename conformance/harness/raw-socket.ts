/** Bytes straight onto a TCP socket, for what no HTTP library will send. */
import { connect } from 'node:net'
import type { Endpoint } from './server-process.ts'
import type { PreparedRequest } from './wire.ts'

export interface SocketTalk {
  /** Everything the server sent until it closed or the time was up. */
  readonly received: string
  readonly wasClosed: boolean
}

export interface TalkOptions {
  /** How long to wait for the server to close. */
  readonly waitMs?: number
  /** Stop once this stands in what was received. */
  readonly until?: RegExp
  /** Half-close after sending. */
  readonly end?: boolean
}

/** Sends the pieces one after the other and collects the answer. */
export async function talk(
  endpoint: Endpoint,
  pieces: readonly (string | Uint8Array)[],
  options: TalkOptions = {},
): Promise<SocketTalk> {
  return await new Promise((resolve) => {
    const socket = connect(endpoint.port, endpoint.host)
    let received = ''
    const finish = (wasClosed: boolean) => {
      clearTimeout(timer)
      socket.destroy()
      resolve({ received, wasClosed })
    }
    const timer = setTimeout(() => finish(false), options.waitMs ?? 5_000)
    socket.on('data', (data: Buffer) => {
      received += data.toString('latin1')
      if (options.until?.test(received)) finish(false)
    })
    socket.on('error', () => finish(true))
    socket.on('close', () => finish(true))
    socket.on('connect', () => {
      for (const piece of pieces) socket.write(piece)
      if (options.end) socket.end()
    })
  })
}

/** Request line and headers as they stand on the wire, with the empty line. */
export function headText(request: PreparedRequest): string {
  const lines = [`${request.method} ${request.target} HTTP/1.1`]
  for (let at = 0; at < request.headers.length; at += 2) {
    lines.push(`${request.headers[at]}: ${request.headers[at + 1]}`)
  }
  return `${lines.join('\r\n')}\r\n\r\n`
}
