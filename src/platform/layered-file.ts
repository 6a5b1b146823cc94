import { ErrnoError } from './errno-error.ts'
import type { FileHandle } from './file-system.ts'

const PAGE_SIZE = 64 * 1024

/**
 * A file as another one with changes on top that stay in memory: only pages that were written cost
 * anything. The file below is never written.
 */
export class LayeredFile {
  readonly #base: FileHandle | null
  readonly #pages = new Map<number, Buffer>()
  /** What lies behind it in the file below was cut, and reads as zeros. */
  #baseSize: number
  #size: number

  /** @param base opened to read; its owner closes it. Null for a file that begins empty */
  constructor(base: FileHandle | null, size: number) {
    this.#base = base
    this.#baseSize = size
    this.#size = size
  }

  get size(): number {
    return this.#size
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    const size = Math.max(0, Math.min(target.length, this.#size - position))
    for (let done = 0; done < size; ) {
      const at = position + done
      const inPage = at % PAGE_SIZE
      const part = target.subarray(done, done + Math.min(PAGE_SIZE - inPage, size - done))
      const page = this.#pages.get(Math.floor(at / PAGE_SIZE))
      if (page === undefined) await this.#readBase(part, at)
      else part.set(page.subarray(inPage, inPage + part.length))
      done += part.length
    }
    return size
  }

  async write(pieces: readonly Uint8Array[], position: number): Promise<void> {
    let at = position
    for (const piece of pieces) {
      for (let done = 0; done < piece.length; ) {
        const inPage = at % PAGE_SIZE
        const part = piece.subarray(done, done + PAGE_SIZE - inPage)
        const page = await this.#ownPage(Math.floor(at / PAGE_SIZE))
        page.set(part, inPage)
        done += part.length
        at += part.length
        this.#size = Math.max(this.#size, at)
      }
    }
  }

  truncate(size: number): void {
    this.#baseSize = Math.min(this.#baseSize, size)
    for (const [number, page] of this.#pages) {
      const start = number * PAGE_SIZE
      if (start >= size) this.#pages.delete(number)
      else if (start + PAGE_SIZE > size) page.fill(0, size - start)
    }
    this.#size = size
  }

  async #ownPage(number: number): Promise<Buffer> {
    const known = this.#pages.get(number)
    if (known !== undefined) return known
    const page = Buffer.alloc(PAGE_SIZE)
    await this.#readBase(page, number * PAGE_SIZE)
    // Another write may have been here while this one read.
    const other = this.#pages.get(number)
    if (other !== undefined) return other
    this.#pages.set(number, page)
    return page
  }

  async #readBase(target: Uint8Array, position: number): Promise<void> {
    const known = Math.max(0, Math.min(target.length, this.#baseSize - position))
    target.fill(0, known)
    if (known === 0 || this.#base === null) return
    const read = await this.#base.read(target.subarray(0, known), position)
    target.fill(0, read, known)
  }
}

/** One opening of a layered file; nothing of it is ever durable. */
export class LayeredHandle implements FileHandle {
  readonly path: string
  readonly #file: LayeredFile
  readonly #isWritable: boolean
  #isOpen = true

  constructor(path: string, file: LayeredFile, isWritable: boolean) {
    this.path = path
    this.#file = file
    this.#isWritable = isWritable
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    this.#assert('read', this.#isOpen)
    return this.#file.read(target, position)
  }

  async write(pieces: readonly Uint8Array[], position: number): Promise<void> {
    this.#assert('write', this.#isOpen && this.#isWritable)
    await this.#file.write(pieces, position)
  }

  async sync(): Promise<void> {
    this.#assert('sync', this.#isOpen)
  }

  async truncate(size: number): Promise<void> {
    this.#assert('truncate', this.#isOpen && this.#isWritable)
    this.#file.truncate(size)
  }

  async size(): Promise<number> {
    this.#assert('size', this.#isOpen)
    return this.#file.size
  }

  async close(): Promise<void> {
    this.#isOpen = false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #assert(operation: string, holds: boolean): void {
    if (!holds) throw new ErrnoError('EBADF', operation, this.path)
  }
}
