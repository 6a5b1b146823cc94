import { errnoOf, type FileHandle } from '../file-system.ts'
import { Gate } from './gate.ts'
import type { MirrorCopies, MirrorCopy } from './mirror-copies.ts'

const PIECE_SIZE = 1024 * 1024

/** A file opened to be written: every change goes to all copies, and a read to the first one. */
export class MirroredHandle implements FileHandle {
  readonly path: string
  readonly #copies: MirrorCopies
  readonly #handles: Map<MirrorCopy, FileHandle>
  readonly #onClose: (handle: MirroredHandle) => void
  readonly #gate = new Gate()
  #closing: Promise<void> | null = null

  constructor(
    path: string,
    copies: MirrorCopies,
    parts: {
      readonly handles: Map<MirrorCopy, FileHandle>
      readonly onClose: (handle: MirroredHandle) => void
    },
  ) {
    this.path = path
    this.#copies = copies
    this.#handles = parts.handles
    this.#onClose = parts.onClose
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    let failure: unknown = null
    for (const handle of this.#readable()) {
      try {
        return await handle.read(target, position)
      } catch (error) {
        failure ??= error
      }
    }
    throw failure
  }

  write(pieces: readonly Uint8Array[], position: number): Promise<void> {
    return this.#change((handle) => handle.write(pieces, position))
  }

  sync(): Promise<void> {
    return this.#change((handle) => handle.sync())
  }

  truncate(size: number): Promise<void> {
    return this.#change((handle) => handle.truncate(size))
  }

  async size(): Promise<number> {
    return this.#readable()[0]!.size()
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Whether this copy gets what is written. */
  reaches(copy: MirrorCopy): boolean {
    return this.#handles.has(copy)
  }

  /**
   * Takes in a copy that has nothing of the file that counts: `target` gets all there is, and from
   * then on what is written. Resolves with the size, durable on the copy; or with null when the
   * file was closed meanwhile, and `target` is the caller's to close. Writes are held up only for
   * the last piece.
   */
  async takeIn(copy: MirrorCopy, target: FileHandle): Promise<number | null> {
    let done = 0
    while (this.#closing === null) {
      const size = await this.size()
      if (size - done <= PIECE_SIZE) break
      done = await copyBytes(this, target, { start: done, end: size })
    }
    return this.#gate.alone(async () => {
      if (this.#closing !== null) return null
      const size = await this.size()
      await copyBytes(this, target, { start: Math.min(done, size), end: size })
      await target.truncate(size)
      await target.sync()
      await this.#handles.get(copy)?.close()
      this.#handles.set(copy, target)
      return size
    })
  }

  #change(call: (handle: FileHandle) => Promise<void>): Promise<void> {
    return this.#gate.pass(async () => {
      const taken = [...this.#handles].filter(([copy]) => copy.state !== 'out')
      const results = await Promise.allSettled(taken.map(([, handle]) => call(handle)))
      const outcomes = results.map((result, index) => ({ copy: taken[index]![0], result }))
      await this.#copies.judge(outcomes, [])
    })
  }

  /** At least one: when no copy is complete any more, what is left answers. */
  #readable(): readonly FileHandle[] {
    const all = [...this.#handles]
    const complete = all.filter(([copy]) => copy.state === 'complete')
    return (complete.length > 0 ? complete : all.slice(0, 1)).map(([, handle]) => handle)
  }

  async #close(): Promise<void> {
    this.#onClose(this)
    await this.#gate.alone(async () => {})
    const closings = [...this.#handles.values()].map((handle) => handle.close())
    await Promise.allSettled(closings)
  }
}

/** A file opened to be read: from the first copy that answers. */
export class MirroredReader implements FileHandle {
  readonly path: string
  readonly #copies: MirrorCopies
  readonly #open: (copy: MirrorCopy) => Promise<FileHandle>
  #current: { readonly copy: MirrorCopy; readonly handle: FileHandle }
  readonly #opened: FileHandle[] = []
  #switching: Promise<void> | null = null
  #closing: Promise<void> | null = null

  constructor(
    path: string,
    copies: MirrorCopies,
    parts: {
      readonly first: { readonly copy: MirrorCopy; readonly handle: FileHandle }
      readonly open: (copy: MirrorCopy) => Promise<FileHandle>
    },
  ) {
    this.path = path
    this.#copies = copies
    this.#open = parts.open
    this.#current = parts.first
    this.#opened.push(parts.first.handle)
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    if (this.#current.copy.state !== 'complete' && this.#closing === null) await this.#switch()
    const { copy, handle } = this.#current
    try {
      return await handle.read(target, position)
    } catch (cause) {
      if (this.#closing !== null || errnoOf(cause) === 'EBADF') throw cause
      return this.#readElsewhere(copy, { target, position, cause })
    }
  }

  write(pieces: readonly Uint8Array[], position: number): Promise<void> {
    // Rejects with what a handle opened to read rejects with.
    return this.#current.handle.write(pieces, position)
  }

  sync(): Promise<void> {
    return this.#current.handle.sync()
  }

  truncate(size: number): Promise<void> {
    return this.#current.handle.truncate(size)
  }

  async size(): Promise<number> {
    if (this.#current.copy.state !== 'complete' && this.#closing === null) await this.#switch()
    return this.#current.handle.size()
  }

  close(): Promise<void> {
    // What a close answers says nothing about what was read.
    const close = () => Promise.allSettled(this.#opened.map((handle) => handle.close()))
    this.#closing ??= close().then(() => {})
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Bytes that one copy does not give are read from another; nothing is given up for it. */
  async #readElsewhere(
    failed: MirrorCopy,
    wanted: { readonly target: Uint8Array; readonly position: number; readonly cause: unknown },
  ): Promise<number> {
    const { target, position, cause } = wanted
    for (const copy of this.#copies.complete) {
      if (copy === failed) continue
      try {
        await using handle = await this.#open(copy)
        const size = await handle.read(target, position)
        const { directory } = failed
        this.#copies.emit({ event: 'copy-unreadable', directory, file: this.path, cause })
        return size
      } catch {
        // The first failure says what is the matter.
      }
    }
    throw cause
  }

  /** The copy was given up: goes on with another one. */
  #switch(): Promise<void> {
    this.#switching ??= this.#switchNow().finally(() => {
      this.#switching = null
    })
    return this.#switching
  }

  async #switchNow(): Promise<void> {
    let failure: unknown = null
    for (const copy of this.#copies.complete) {
      try {
        const handle = await this.#open(copy)
        this.#opened.push(handle)
        this.#current = { copy, handle }
        return
      } catch (error) {
        failure = error
      }
    }
    throw failure ?? new Error('no copy is left')
  }
}

/** Copies bytes start … end-1 from one file to the same place in another; resolves with `end`. */
export async function copyBytes(
  source: FileHandle,
  target: FileHandle,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<number> {
  const piece = Buffer.allocUnsafeSlow(Math.max(0, Math.min(PIECE_SIZE, end - start)))
  for (let offset = start; offset < end; offset += piece.length) {
    const wanted = piece.subarray(0, Math.min(piece.length, end - offset))
    const size = await source.read(wanted, offset)
    if (size > 0) await target.write([wanted.subarray(0, size)], offset)
    if (size < wanted.length) break
  }
  return end
}
