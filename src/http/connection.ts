import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { RequestBody } from './request-body.ts'

/** Requests that may wait on one socket. Clients that send ahead at all send a few. */
const WAITING_MAX = 16

interface Turn {
  readonly response: ServerResponse
  readonly serve: () => void
}

/** What requests of one socket share. They follow each other, so one signal serves them all. */
export class Connection {
  readonly #socket: Socket
  #abort: AbortController | null = null
  /** The body being read, so that an error of the socket can reach it. */
  body: RequestBody | null = null
  /** Asked for while it is there: of a client who is gone the socket does not know it any more. */
  readonly remoteAddress: string
  #isServing = false
  readonly #waiting: Turn[] = []
  /** What came after them makes no sense: close when they are answered. */
  isBroken = false

  constructor(socket: Socket) {
    this.#socket = socket
    this.remoteAddress = socket.remoteAddress ?? ''
  }

  /** Requests taken and not yet answered whole. */
  get answering(): number {
    return (this.#isServing ? 1 : 0) + this.#waiting.length
  }

  /**
   * Serves a request once those before it are answered. Their answers go out one after the other
   * anyhow; made at the same time, all but the first would lie in memory, and still when the client
   * is gone, because Node tells only the first of that.
   */
  inTurn(response: ServerResponse, serve: () => void): void {
    if (!this.#isServing) this.#serve({ response, serve })
    else if (this.#waiting.length < WAITING_MAX) this.#waiting.push({ response, serve })
    else this.#socket.destroy()
  }

  #serve({ response, serve }: Turn): void {
    this.#isServing = true
    response.once('close', () => this.#next())
    serve()
  }

  #next(): void {
    this.#isServing = false
    // Nobody would get what is answered now.
    if (!this.#socket.writable) this.#waiting.length = 0
    const turn = this.#waiting.shift()
    if (turn !== undefined) this.#serve(turn)
    else if (this.isBroken) this.#socket.destroySoon()
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
