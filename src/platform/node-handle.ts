import { ErrnoError } from './errno-error.ts'
import { errnoOf, type FileHandle } from './file-system.ts'
import type { NodeCalls } from './node-calls.ts'

/** IOV_MAX on Linux and macOS. */
const PIECES_MAX = 1024
/** A regular file answers EINTR or EAGAIN never or briefly; an endless loop helps nobody. */
const RETRIES_MAX = 100

export class NodeFileHandle implements FileHandle {
  readonly path: string
  readonly #fd: number
  readonly #calls: NodeCalls
  #pendingCount = 0
  #whenIdle: (() => void) | null = null
  #closing: Promise<void> | null = null

  constructor(path: string, fd: number, calls: NodeCalls) {
    this.path = path
    this.#fd = fd
    this.#calls = calls
  }

  read(target: Uint8Array, position: number): Promise<number> {
    return this.#run('read', () => this.#readAll(target, position))
  }

  write(pieces: readonly Uint8Array[], position: number): Promise<void> {
    return this.#run('write', () => this.#writeAll(pieces, position))
  }

  sync(): Promise<void> {
    return this.#run('sync', () => this.#calls.datasync(this.#fd))
  }

  truncate(size: number): Promise<void> {
    return this.#run('truncate', () => this.#calls.truncate(this.#fd, size))
  }

  size(): Promise<number> {
    return this.#run('size', () => this.#calls.size(this.#fd))
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeWhenIdle()
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /**
   * Closing waits for calls under way: the kernel gives a closed descriptor's number to the next
   * file opened, and a call still in the thread pool would then read or write that one.
   */
  async #closeWhenIdle(): Promise<void> {
    if (this.#pendingCount > 0) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve
      })
    }
    await this.#calls.close(this.#fd)
  }

  async #run<Result>(operation: string, call: () => Promise<Result>): Promise<Result> {
    if (this.#closing !== null) throw new ErrnoError('EBADF', operation, this.path)
    this.#pendingCount++
    try {
      return await call()
    } finally {
      this.#pendingCount--
      if (this.#pendingCount === 0) this.#whenIdle?.()
    }
  }

  async #readAll(target: Uint8Array, position: number): Promise<number> {
    let done = 0
    while (done < target.length) {
      const rest = done === 0 ? target : target.subarray(done)
      const size = await retried(() => this.#calls.read(this.#fd, rest, position + done))
      if (size === 0) break
      done += size
    }
    return done
  }

  async #writeAll(pieces: readonly Uint8Array[], position: number): Promise<void> {
    let rest = pieces.filter((piece) => piece.length > 0)
    let next = position
    while (rest.length > 0) {
      const batch = rest.length > PIECES_MAX ? rest.slice(0, PIECES_MAX) : rest
      const size = await retried(() => this.#calls.write(this.#fd, batch, next))
      if (size === 0) throw new ErrnoError('EIO', 'write', this.path)
      next += size
      rest = withoutFirst(rest, size)
    }
  }
}

/** The pieces left when the first `size` bytes of them are written. */
function withoutFirst(pieces: readonly Uint8Array[], size: number): Uint8Array[] {
  let index = 0
  let left = size
  for (; index < pieces.length; index++) {
    const length = pieces[index]?.length ?? 0
    if (left < length) break
    left -= length
  }
  const rest = pieces.slice(index)
  const first = rest[0]
  if (left > 0 && first !== undefined) rest[0] = first.subarray(left)
  return rest
}

async function retried<Result>(call: () => Promise<Result>): Promise<Result> {
  for (let retry = 0; ; retry++) {
    try {
      return await call()
    } catch (error) {
      const code = errnoOf(error)
      if (retry >= RETRIES_MAX || (code !== 'EINTR' && code !== 'EAGAIN')) throw error
    }
  }
}
