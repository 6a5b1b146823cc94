/**
 * Counts the starts in a row that ended without an order, in the size of a small file. A damaged
 * LMDB file can kill the process that reads it; without this it would be started again for ever.
 *
 * Not synced: it is there for processes that die, not for machines that do.
 */
import { errnoOf, type FileSystem } from '../../platform/file-system.ts'

export class StartCount {
  readonly #fileSystem: FileSystem
  readonly #path: string

  constructor(fileSystem: FileSystem, path: string) {
    this.#fileSystem = fileSystem
    this.#path = path
  }

  /** Counts this start, and resolves with how many before it came to no good. */
  async begin(): Promise<number> {
    const found = await this.#fileSystem.stat(this.#path)
    const handle = await this.#fileSystem.open(this.#path, found === null ? 'create' : 'update')
    try {
      const count = found?.size ?? 0
      await handle.write([Buffer.from('.')], count)
      return count
    } finally {
      await handle.close()
    }
  }

  /** This start has come to good. */
  async end(): Promise<void> {
    try {
      await this.#fileSystem.remove(this.#path)
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error
    }
  }
}
