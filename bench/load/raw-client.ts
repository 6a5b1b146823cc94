/**
 * A client as light as can be, so that the server is what is measured: requests are bytes made
 * beforehand, a reply is read as far as its length, and every socket sends the next request as soon
 * as the last reply is whole.
 */
import { connect, type Socket } from 'node:net'

export interface LoadPlan {
  readonly host: string
  readonly port: number
  readonly connections: number
  /** Bytes of the next request, or null when there are no more. */
  readonly next: () => readonly Uint8Array[] | null
  /** Stops asking for requests after this time. */
  readonly durationMs: number
}

export interface LoadResult {
  readonly requests: number
  readonly seconds: number
  /** Of reply bodies. */
  readonly bytes: number
  /** Milliseconds per request, unsorted. */
  readonly latencies: readonly number[]
}

/** @throws Error at the first reply that is not 200: a bench of failures means nothing. */
export async function load(plan: LoadPlan): Promise<LoadResult> {
  const latencies: number[] = []
  const startedAt = performance.now()
  const deadline = startedAt + plan.durationMs
  let bytes = 0
  await Promise.all(
    Array.from({ length: plan.connections }, async () => {
      const connection = await Connection.open(plan.host, plan.port)
      try {
        while (performance.now() < deadline) {
          const request = plan.next()
          if (request === null) return
          const sentAt = performance.now()
          bytes += await connection.exchange(request)
          latencies.push(performance.now() - sentAt)
        }
      } finally {
        connection.close()
      }
    }),
  )
  const seconds = (performance.now() - startedAt) / 1000
  return { requests: latencies.length, seconds, bytes, latencies }
}

interface Waiter {
  readonly resolve: (bodySize: number) => void
  readonly reject: (error: Error) => void
}

class Connection {
  readonly #socket: Socket
  #waiter: Waiter | null = null
  #head: Buffer = Buffer.alloc(0)
  /** Of the body still to come; null while the head is incomplete. */
  #missing: number | null = null
  #bodySize = 0

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (data) => this.#accept(data))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the server closed the connection')))
  }

  static open(host: string, port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true })
      socket.once('error', reject)
      socket.once('connect', () => resolve(new Connection(socket)))
    })
  }

  /** Resolves with the size of the reply's body. */
  exchange(request: readonly Uint8Array[]): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject }
      this.#socket.cork()
      for (const piece of request) this.#socket.write(piece)
      this.#socket.uncork()
    })
  }

  close(): void {
    this.#waiter = null
    this.#socket.destroy()
  }

  #accept(data: Buffer): void {
    let rest = data
    if (this.#missing === null) {
      this.#head = this.#head.length === 0 ? data : Buffer.concat([this.#head, data])
      const end = this.#head.indexOf('\r\n\r\n')
      if (end < 0) return
      const head = this.#head.toString('latin1', 0, end)
      const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
      if (!head.startsWith('HTTP/1.1 20') || length === undefined) {
        this.#fail(new Error(`unexpected reply:\n${this.#head.toString('latin1', 0, 600)}`))
        return
      }
      this.#bodySize = Number(length)
      this.#missing = this.#bodySize
      rest = this.#head.subarray(end + 4)
      this.#head = Buffer.alloc(0)
    }
    this.#missing -= rest.length
    if (this.#missing > 0) return
    this.#missing = null
    const waiter = this.#waiter
    this.#waiter = null
    waiter?.resolve(this.#bodySize)
  }

  #fail(error: Error): void {
    const waiter = this.#waiter
    this.#waiter = null
    waiter?.reject(error)
  }
}
