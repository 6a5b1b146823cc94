import { connect, type Socket } from 'node:net'

/** A client that writes bytes and reads bytes, so that a test can be as rude as it likes. */
export class RawSocket implements Disposable {
  readonly #socket: Socket
  #received = Buffer.alloc(0)
  #isClosed = false
  #wake: () => void = () => {}

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#isClosed = true
      this.#wake()
    })
  }

  static open(port: number): Promise<RawSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new RawSocket(socket))
      })
    })
  }

  get text(): string {
    return this.#received.toString('latin1')
  }

  write(data: string | Uint8Array): void {
    this.#socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data)
  }

  /** Half-closes: nothing more will be sent. */
  end(): void {
    this.#socket.end()
  }

  /** Ends the connection with a reset. */
  reset(): void {
    this.#socket.resetAndDestroy()
  }

  /** Resolves when `isEnough` of what was received, or when the server has closed. */
  async until(isEnough: (text: string) => boolean, timeoutMs = 5_000): Promise<string> {
    const deadline = Date.now() + timeoutMs
    while (!this.#isClosed && !isEnough(this.text)) {
      const left = deadline - Date.now()
      if (left <= 0) throw new Error(`gave up waiting; received: ${this.text}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    return this.text
  }

  /** Everything the server says until it closes. */
  async closed(timeoutMs = 5_000): Promise<string> {
    this.#socket.on('end', () => this.#socket.end())
    return this.until(() => false, timeoutMs)
  }

  /** One whole reply with a content-length. */
  reply(timeoutMs = 5_000): Promise<string> {
    return this.until(isWhole, timeoutMs)
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }
}

/** Sends `data`, and gives what comes back until the server closes. */
export async function exchange(port: number, data: string): Promise<string> {
  using socket = await RawSocket.open(port)
  socket.write(data)
  return await socket.closed()
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return false
  const length = /^content-length: (\d+)$/im.exec(text.slice(0, end).replaceAll('\r', ''))
  return length !== null && text.length >= end + 4 + Number(length[1])
}
