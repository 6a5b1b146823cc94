/**
 * The bytes of one file in memory: chunks of bounded size, so that appending never copies what is
 * there, and `fork` shares them until one side writes. A hole is a missing chunk and reads as zero.
 */
const CHUNK_SIZE = 64 * 1024
const TAIL_SIZE_MIN = 256

export class ChunkedBytes {
  #chunks: (Buffer | undefined)[] = []
  /** Chunks that no fork shares, so that they may be written in place. */
  #owned: boolean[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Fills `target` from `position`; returns the bytes read, fewer only at the end. */
  read(target: Uint8Array, position: number): number {
    const length = Math.max(0, Math.min(target.length, this.#size - position))
    for (let done = 0; done < length; ) {
      const start = (position + done) % CHUNK_SIZE
      const part = Math.min(length - done, CHUNK_SIZE - start)
      const chunk = this.#chunks[Math.floor((position + done) / CHUNK_SIZE)]
      // A chunk may be shorter than the file says: what it does not have reads as zero.
      const held = chunk?.subarray(start, start + part)
      const copied = held?.length ?? 0
      if (held !== undefined) target.set(held, done)
      target.fill(0, done + copied, done + part)
      done += part
    }
    return length
  }

  write(bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.length; ) {
      const start = (position + done) % CHUNK_SIZE
      const part = Math.min(bytes.length - done, CHUNK_SIZE - start)
      const chunk = this.#writable(Math.floor((position + done) / CHUNK_SIZE), start + part)
      chunk.set(bytes.subarray(done, done + part), start)
      done += part
    }
    if (bytes.length > 0) this.#size = Math.max(this.#size, position + bytes.length)
  }

  /** Cuts, or extends with zeros. */
  truncate(size: number): void {
    if (size < this.#size) {
      const count = Math.ceil(size / CHUNK_SIZE)
      this.#chunks.length = Math.min(this.#chunks.length, count)
      this.#owned.length = this.#chunks.length
      const start = size % CHUNK_SIZE
      const last = this.#chunks[count - 1]
      // What is cut must read as zero when the file grows over it again.
      if (start > 0 && last !== undefined) this.#writable(count - 1, start).fill(0, start)
    }
    this.#size = size
  }

  /** An independent copy that shares chunks until either side changes them. */
  fork(): ChunkedBytes {
    const copy = new ChunkedBytes()
    copy.#chunks = this.#chunks.slice()
    copy.#owned = this.#owned.map(() => false)
    copy.#size = this.#size
    this.#owned.fill(false)
    return copy
  }

  #writable(index: number, sizeNeeded: number): Buffer {
    const chunk = this.#chunks[index]
    if (chunk !== undefined && chunk.length >= sizeNeeded && this.#owned[index]) return chunk
    let size = Math.max(chunk?.length ?? 0, TAIL_SIZE_MIN)
    while (size < sizeNeeded) size *= 2
    const grown = Buffer.alloc(size)
    chunk?.copy(grown)
    // Holes before this chunk become real slots, so that both arrays stay dense.
    while (this.#chunks.length < index) {
      this.#chunks.push(undefined)
      this.#owned.push(false)
    }
    this.#chunks[index] = grown
    this.#owned[index] = true
    return grown
  }
}
