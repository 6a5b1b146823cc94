import type { Socket } from 'node:net'
import type { RequestBody } from './request-body.ts'

/** What requests of one socket share. They follow each other, so one signal serves them all. */
export class Connection {
  readonly #socket: Socket
  #abort: AbortController | null = null
  /** The body being read, so that an error of the socket can reach it. */
  body: RequestBody | null = null

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

/** Finds the connection of a socket; forgets it with the socket. */
export class Connections {
  readonly #known = new WeakMap<Socket, Connection>()

  of(socket: Socket): Connection {
    let connection = this.#known.get(socket)
    if (connection === undefined) {
      connection = new Connection(socket)
      this.#known.set(socket, connection)
    }
    return connection
  }
}
