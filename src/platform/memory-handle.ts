import { ErrnoError } from './errno-error.ts'
import type { FileHandle, OpenMode } from './file-system.ts'
import type { MemoryFile } from './memory-file.ts'
import type { MemoryVolume } from './memory-volume.ts'

export class MemoryFileHandle implements FileHandle {
  readonly path: string
  readonly #file: MemoryFile
  readonly #volume: MemoryVolume
  readonly #isWritable: boolean
  #isOpen = true

  constructor(path: string, mode: OpenMode, on: { file: MemoryFile; volume: MemoryVolume }) {
    this.path = path
    this.#file = on.file
    this.#volume = on.volume
    this.#isWritable = mode !== 'read'
    this.#file.handleCount++
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    this.#assertOpen('read')
    const { path } = this
    await this.#volume.pass({ operation: 'read', path, offset: position, length: target.length })
    return this.#file.read(target, position)
  }

  async write(pieces: readonly Uint8Array[], position: number): Promise<void> {
    this.#assertWritable('write')
    const { path } = this
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
    const fault = await this.#volume.enter({ operation: 'write', path, offset: position, length })
    const wanted = fault === null ? length : Math.min(length, fault.landedSize ?? 0)
    const room = Math.max(0, this.#file.size + this.#volume.freeSize - position)
    const landed = Math.min(wanted, room)
    const sizeBefore = this.#file.size
    this.#file.write(pieces, position, landed)
    this.#volume.resize(this.#file.size - sizeBefore)
    if (fault !== null) throw new ErrnoError(fault.code, 'write', path)
    if (landed < length) throw new ErrnoError('ENOSPC', 'write', path)
  }

  async sync(): Promise<void> {
    this.#assertOpen('sync')
    // Bytes written while the sync runs are not covered by it.
    const pending = this.#file.beginSync()
    try {
      await this.#volume.pass({ operation: 'sync', path: this.path })
    } catch (error) {
      pending.doom()
      throw error
    }
    pending.confirm()
  }

  async truncate(size: number): Promise<void> {
    this.#assertWritable('truncate')
    await this.#volume.pass({ operation: 'truncate', path: this.path, offset: size })
    const delta = size - this.#file.size
    if (delta > this.#volume.freeSize) throw new ErrnoError('ENOSPC', 'truncate', this.path)
    this.#file.truncate(size)
    this.#volume.resize(delta)
  }

  async size(): Promise<number> {
    this.#assertOpen('size')
    await this.#volume.pass({ operation: 'size', path: this.path })
    return this.#file.size
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#file.handleCount--
    if (this.#file.handleCount === 0 && this.#file.linkCount === 0) {
      this.#volume.resize(-this.#file.size)
    }
    // It is closed whatever close says, as on Linux.
    await this.#volume.pass({ operation: 'close', path: this.path })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #assertOpen(operation: string): void {
    if (!this.#isOpen) throw new ErrnoError('EBADF', operation, this.path)
  }

  #assertWritable(operation: string): void {
    this.#assertOpen(operation)
    if (!this.#isWritable) throw new ErrnoError('EBADF', operation, this.path)
  }
}
