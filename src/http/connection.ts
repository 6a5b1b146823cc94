import type { Socket } from 'node:net'
import type { RequestBody } from './request-body.ts'

/** What requests of one socket share. They follow each other, so one signal serves them all. */
export class Connection {
  readonly #socket: Socket
  #abort: AbortController | null = null
  /** The body being read, so that an error of the socket can reach it. */
  body: RequestBody | null = null
  /** Requests taken and not yet answered whole. */
  answering = 0
  /** What came after them makes no sense: close when they are answered. */
  isBroken = false

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** Aborts when the client is gone, or was cut off. */
  get signal(): AbortSignal {
    if (this.#abort === null) {
      const abort = new AbortController()
      this.#abort = abort
      const gone = () => abort.abort(new DOMException('the client went away', 'AbortError'))
      if (this.#socket.destroyed) gone()
      else this.#socket.once('close', gone)
    }
    return this.#abort.signal
  }
}

/** The open connections of a server. */
export class Connections {
  readonly #open = new Map<Socket, Connection>()

  of(socket: Socket): Connection {
    const known = this.#open.get(socket)
    if (known !== undefined) return known
    const connection = new Connection(socket)
    this.#open.set(socket, connection)
    socket.once('close', () => this.#open.delete(socket))
    return connection
  }

  /**
   * Closes those on which nothing is being answered, also those that never sent a request, which
   * Node does not count as idle.
   */
  closeIdle(): void {
    for (const [socket, { answering }] of this.#open) {
      if (answering === 0) socket.destroySoon()
    }
  }
}
