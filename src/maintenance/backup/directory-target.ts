import { posix } from 'node:path'
import { errnoOf, type FileLock, type FileSystem } from '../../platform/file-system.ts'
import { MaintenanceError } from '../errors.ts'
import type { BackupTarget } from './backup-target.ts'

/** A directory on any disk but the store's own. One backup or restore at a time. */
export class DirectoryTarget implements BackupTarget {
  readonly name: string
  readonly #fileSystem: FileSystem
  readonly #lock: FileLock

  private constructor(fileSystem: FileSystem, path: string, lock: FileLock) {
    this.#fileSystem = fileSystem
    this.name = path
    this.#lock = lock
  }

  /**
   * @param mode create: made when it is missing
   * @throws MaintenanceError `in-use`; `unusable` when it is missing
   */
  static async open(
    fileSystem: FileSystem,
    path: string,
    mode: 'create' | 'existing',
  ): Promise<DirectoryTarget> {
    if (mode === 'create') await fileSystem.makeDirectory(path)
    else if ((await fileSystem.stat(path))?.kind !== 'directory') {
      throw new MaintenanceError('unusable', `${path} is no directory`)
    }
    const lock = await fileSystem.lock(`${path}/lock`)
    if (lock === null) throw new MaintenanceError('in-use', `${path} is in use by another backup`)
    return new DirectoryTarget(fileSystem, path, lock)
  }

  async sizeOf(name: string): Promise<number | null> {
    const found = await this.#fileSystem.stat(this.#path(name))
    return found?.kind === 'file' ? found.size : null
  }

  async list(folder: string): Promise<readonly string[]> {
    const path = this.#path(folder)
    if ((await this.#fileSystem.stat(path)) === null) return []
    const names = await this.#fileSystem.list(path)
    return names.filter((name) => !name.endsWith('.tmp'))
  }

  async read(
    name: string,
    { start, end }: { readonly start: number; readonly end: number },
  ): Promise<Buffer> {
    await using file = await this.#fileSystem.open(this.#path(name), 'read')
    const bytes = Buffer.allocUnsafeSlow(end - start)
    return bytes.subarray(0, await file.read(bytes, start))
  }

  async write(name: string, _size: number, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    const fileSystem = this.#fileSystem
    const path = this.#path(name)
    const folder = posix.dirname(path)
    const temporary = `${path}.tmp`
    await fileSystem.makeDirectory(folder)
    await this.remove(`${name}.tmp`)
    {
      await using file = await fileSystem.open(temporary, 'create')
      let position = 0
      for await (const piece of pieces) {
        await file.write([piece], position)
        position += piece.length
      }
      await file.sync()
    }
    await fileSystem.rename(temporary, path)
    await fileSystem.syncDirectory(folder)
  }

  async remove(name: string): Promise<void> {
    try {
      await this.#fileSystem.remove(this.#path(name))
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lock.release()
  }

  #path(name: string): string {
    return `${this.name}/${name}`
  }
}
