/**
 * Reads lines and exact counts of bytes out of a stream of pieces, without copying the bytes: what
 * `take` gives are views of the pieces.
 */
export class PieceReader {
  readonly #pieces: AsyncIterator<Uint8Array>
  #piece: Uint8Array = NOTHING
  #offset = 0

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#pieces = stream[Symbol.asyncIterator]()
  }

  /** The next 1 … `sizeMax` bytes, or null at the end of the stream. */
  async take(sizeMax: number): Promise<Uint8Array | null> {
    if (this.#offset === this.#piece.length && !(await this.#advance())) return null
    const end = Math.min(this.#offset + sizeMax, this.#piece.length)
    const view = this.#piece.subarray(this.#offset, end)
    this.#offset = end
    return view
  }

  /**
   * Text up to the next line feed, which is taken too, as is a carriage return before it; latin1.
   * Null when the stream ends before a line feed. A line of more than `sizeMax` bytes is cut after
   * some number of bytes more than that: what it begins with is enough to refuse it.
   */
  async line(sizeMax: number): Promise<string | null> {
    let text = ''
    for (;;) {
      if (this.#offset === this.#piece.length && !(await this.#advance())) return null
      const end = this.#piece.indexOf(LINE_FEED, this.#offset)
      const stop = end < 0 ? this.#piece.length : end
      const cut = Math.min(stop, this.#offset + sizeMax + 1)
      text += latin1(this.#piece.subarray(this.#offset, cut))
      this.#offset = cut
      if (text.length > sizeMax) return text
      if (end < 0) continue
      this.#offset = end + 1
      return text.endsWith('\r') ? text.slice(0, -1) : text
    }
  }

  /** All that is left, as latin1; null when that is more than `sizeMax` bytes. */
  async rest(sizeMax: number): Promise<string | null> {
    let text = ''
    for (;;) {
      const view = await this.take(sizeMax - text.length + 1)
      if (view === null) return text
      text += latin1(view)
      if (text.length > sizeMax) return null
    }
  }

  /** Lets go of the stream; the rest of it is not wanted. */
  async close(): Promise<void> {
    await this.#pieces.return?.()
  }

  async #advance(): Promise<boolean> {
    for (;;) {
      const step = await this.#pieces.next()
      if (step.done === true) return false
      this.#piece = step.value
      this.#offset = 0
      if (step.value.length > 0) return true
    }
  }
}

const LINE_FEED = 0x0a
const NOTHING = new Uint8Array(0)

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}
