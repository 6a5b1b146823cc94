import { errnoOf, type FileHandle, type FileSystem } from '../platform/file-system.ts'

interface Slot {
  readonly handle: Promise<FileHandle>
  userCount: number
  /** Left the cache while in use; its last user closes it. */
  dropped: boolean
}

/**
 * Open read handles, the least recently used closed first. The limit holds for handles nobody is
 * reading from; those in use are bounded by the reads under way.
 */
export class HandleCache implements AsyncDisposable {
  readonly #fs: FileSystem
  readonly #countMax: number
  /** By path, least recently used first. */
  readonly #slots = new Map<string, Slot>()
  readonly #closing = new Set<Promise<void>>()

  constructor(fs: FileSystem, countMax: number) {
    this.#fs = fs
    this.#countMax = countMax
  }

  /** Opens the file if it is not open, and keeps it open until `action` has settled. */
  async use<Result>(path: string, action: (handle: FileHandle) => Promise<Result>) {
    const slot = this.#acquire(path)
    try {
      return await action(await slot.handle)
    } finally {
      this.#release(slot)
    }
  }

  /** Closes the file as soon as nobody reads it. The next use opens it anew. */
  drop(path: string): void {
    const slot = this.#slots.get(path)
    if (slot === undefined) return
    this.#slots.delete(path)
    slot.dropped = true
    if (slot.userCount === 0) this.#close(slot)
  }

  get size(): number {
    return this.#slots.size
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const path of [...this.#slots.keys()]) this.drop(path)
    await Promise.all(this.#closing)
  }

  #acquire(path: string): Slot {
    const known = this.#slots.get(path)
    if (known !== undefined) {
      this.#slots.delete(path)
      this.#slots.set(path, known)
      known.userCount += 1
      return known
    }
    const slot: Slot = { handle: this.#open(path), userCount: 1, dropped: false }
    this.#slots.set(path, slot)
    slot.handle.catch(() => {
      // A file that could not be opened is tried again by the next use.
      if (this.#slots.get(path) === slot) this.#slots.delete(path)
    })
    this.#evict()
    return slot
  }

  /** When the process has too many files open, those nobody reads from are closed first. */
  async #open(path: string): Promise<FileHandle> {
    for (let isRetry = false; ; isRetry = true) {
      try {
        return await this.#fs.open(path, 'read')
      } catch (error) {
        const code = errnoOf(error)
        const idle = [...this.#slots].filter(([, { userCount }]) => userCount === 0)
        const isCrowded = code === 'EMFILE' || code === 'ENFILE'
        if (isRetry || !isCrowded || idle.length === 0) throw error
        for (const [name] of idle) this.drop(name)
        await Promise.all(this.#closing)
      }
    }
  }

  #release(slot: Slot): void {
    slot.userCount -= 1
    if (slot.userCount > 0) return
    if (slot.dropped) this.#close(slot)
    else this.#evict()
  }

  #evict(): void {
    if (this.#slots.size <= this.#countMax) return
    for (const [path, slot] of this.#slots) {
      if (slot.userCount > 0) continue
      this.drop(path)
      if (this.#slots.size <= this.#countMax) return
    }
  }

  #close(slot: Slot): void {
    const closing = slot.handle
      .then((handle) => handle.close())
      .catch(() => {})
      .finally(() => this.#closing.delete(closing))
    this.#closing.add(closing)
  }
}
