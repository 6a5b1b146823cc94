/**
 * Cuts a stream of pieces of any size into chunks of one size, the last one shorter.
 *
 * One await per piece, which the source's own promise costs; nothing more until a chunk is full.
 */

/** Memory for chunks, kept for the next ones. */
export class ChunkBuffers {
  readonly chunkSize: number
  readonly #idleMax: number
  readonly #idle: Buffer[] = []

  constructor(chunkSize: number, idleMax: number) {
    this.chunkSize = chunkSize
    this.#idleMax = idleMax
  }

  /** `chunkSize` bytes of whatever content. */
  take(): Buffer {
    return this.#idle.pop() ?? Buffer.allocUnsafeSlow(this.chunkSize)
  }

  /** Takes back what `take` gave. Nobody may use it, or a part of it, any more. */
  give(buffer: Buffer): void {
    if (this.#idle.length < this.#idleMax) this.#idle.push(buffer)
  }
}

export class Chunker {
  readonly #iterator: AsyncIterator<Uint8Array>
  readonly #buffers: ChunkBuffers
  /** The part of the last piece that did not fit. */
  #rest: Uint8Array | null = null
  #ended = false
  #abortReason: unknown = null
  #isAborted = false
  #rejectWait: ((reason: unknown) => void) | null = null

  constructor(source: AsyncIterable<Uint8Array>, buffers: ChunkBuffers) {
    this.#iterator = source[Symbol.asyncIterator]()
    this.#buffers = buffers
  }

  /**
   * The next chunk, in memory of `ChunkBuffers` that the caller gives back; null at the end. The
   * source's errors come through as they are.
   */
  async next(): Promise<Buffer | null> {
    if (this.#isAborted) throw this.#abortReason
    let filled = 0
    let buffer: Buffer | null = null
    while (filled < this.#buffers.chunkSize) {
      const piece = this.#rest ?? (await this.#nextPiece())
      if (piece === null) break
      buffer ??= this.#buffers.take()
      const size = Math.min(piece.length, buffer.length - filled)
      buffer.set(size === piece.length ? piece : piece.subarray(0, size), filled)
      this.#rest = size === piece.length ? null : piece.subarray(size)
      filled += size
    }
    if (buffer === null) return null
    if (filled > 0) return buffer.subarray(0, filled)
    this.#buffers.give(buffer)
    return null
  }

  /** Makes the `next` under way, and every later one, reject with `reason`. */
  abort(reason: unknown): void {
    if (this.#isAborted) return
    this.#isAborted = true
    this.#abortReason = reason
    this.#rejectWait?.(reason)
  }

  /** Tells the source that nothing more is wanted of it. Does not wait for it. */
  release(): void {
    if (this.#ended) return
    this.#ended = true
    void Promise.resolve(this.#iterator.return?.()).catch(() => {})
  }

  /** Null at the end. */
  #nextPiece(): Promise<Uint8Array | null> {
    if (this.#ended) return Promise.resolve(null)
    // Not Promise.race: each race with one long-lived promise would leave a reaction on it.
    return new Promise((resolve, reject) => {
      this.#rejectWait = reject
      this.#iterator.next().then(
        (result) => {
          if (result.done === true) this.#ended = true
          resolve(result.done === true ? null : result.value)
        },
        (error) => {
          this.#ended = true
          reject(error)
        },
      )
    })
  }
}
