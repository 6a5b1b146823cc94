import { posix } from 'node:path'
import { ErrnoError } from './errno-error.ts'
import type { FileHandle, FileLock, FileStat, FileSystem, OpenMode } from './file-system.ts'
import { LayeredFile, LayeredHandle } from './layered-file.ts'
import { makeDirectories } from './make-directories.ts'

/**
 * Another file system with changes on top that stay in memory: what recovery, repair or a check
 * would do to a disk can be done, and looked at, without touching it. Changes are gone when it is
 * disposed of; locks hold among its own users only.
 */
export class ScratchFileSystem implements FileSystem, AsyncDisposable {
  readonly #base: FileSystem
  /** Files that were made or changed here; null for one that was removed. */
  readonly #files = new Map<string, LayeredFile | null>()
  readonly #folders = new Set<string>()
  readonly #baseHandles: FileHandle[] = []
  readonly #locks = new Set<string>()

  constructor(base: FileSystem) {
    this.#base = base
  }

  async open(path: string, mode: OpenMode): Promise<FileHandle> {
    const name = posix.resolve(path)
    if (mode === 'create') return new LayeredHandle(path, await this.#create(name, path), true)
    const known = this.#files.get(name)
    if (known === undefined && mode === 'read') return this.#base.open(path, mode)
    const file = known === undefined ? await this.#layer(name, path) : known
    if (file === null) throw new ErrnoError('ENOENT', 'open', path)
    return new LayeredHandle(path, file, mode === 'update')
  }

  async rename(source: string, target: string): Promise<void> {
    const [from, to] = [posix.resolve(source), posix.resolve(target)]
    if ((await this.stat(source))?.kind !== 'file') throw new ErrnoError('ENOENT', 'rename', source)
    const replaced = await this.stat(target)
    if (replaced?.kind === 'directory') throw new ErrnoError('EISDIR', 'rename', target)
    await this.#requireFolder('rename', posix.dirname(target))
    if (from === to) return
    const file = this.#files.get(from) ?? (await this.#layer(from, source))
    this.#files.set(to, file)
    this.#files.set(from, null)
  }

  async remove(path: string): Promise<void> {
    const found = await this.stat(path)
    if (found === null) throw new ErrnoError('ENOENT', 'remove', path)
    if (found.kind !== 'file') throw new ErrnoError('EISDIR', 'remove', path)
    this.#files.set(posix.resolve(path), null)
  }

  async makeDirectory(path: string): Promise<void> {
    await makeDirectories(
      {
        stat: (folder) => this.stat(folder),
        syncDirectory: async () => {},
        makeOne: async (folder) => {
          this.#folders.add(folder)
        },
      },
      posix.resolve(path),
    )
  }

  async list(path: string): Promise<readonly string[]> {
    const name = posix.resolve(path)
    const found = await this.stat(path)
    if (found === null) throw new ErrnoError('ENOENT', 'list', path)
    if (found.kind !== 'directory') throw new ErrnoError('ENOTDIR', 'list', path)
    const isBelow = (await this.#base.stat(path)) !== null
    const names = new Set(isBelow ? await this.#base.list(path) : [])
    for (const [file, content] of this.#files) {
      if (posix.dirname(file) !== name) continue
      if (content === null) names.delete(posix.basename(file))
      else names.add(posix.basename(file))
    }
    for (const folder of this.#folders) {
      if (posix.dirname(folder) === name) names.add(posix.basename(folder))
    }
    return [...names].sort((left, right) => (left < right ? -1 : left > right ? 1 : 0))
  }

  async syncDirectory(path: string): Promise<void> {
    await this.#requireFolder('syncDirectory', path)
  }

  async stat(path: string): Promise<FileStat | null> {
    const name = posix.resolve(path)
    if (this.#folders.has(name)) return { kind: 'directory', size: 0 }
    const file = this.#files.get(name)
    if (file === null) return null
    return file === undefined ? this.#base.stat(path) : { kind: 'file', size: file.size }
  }

  async space(path: string): Promise<{ readonly freeSize: number; readonly totalSize: number }> {
    if ((await this.stat(path)) === null) throw new ErrnoError('ENOENT', 'space', path)
    let below = path
    while ((await this.#base.stat(below)) === null) below = posix.dirname(below)
    return this.#base.space(below)
  }

  async lock(path: string): Promise<FileLock | null> {
    const name = posix.resolve(path)
    if (this.#locks.has(name)) return null
    if ((await this.stat(path)) === null) await this.#create(name, path)
    this.#locks.add(name)
    let isHeld = true
    return {
      release: async () => {
        if (isHeld) this.#locks.delete(name)
        isHeld = false
      },
    }
  }

  /** Forgets every change. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#files.clear()
    this.#folders.clear()
    for (const handle of this.#baseHandles.splice(0)) await handle.close()
  }

  async #create(name: string, path: string): Promise<LayeredFile> {
    if ((await this.stat(path)) !== null) throw new ErrnoError('EEXIST', 'create', path)
    await this.#requireFolder('create', posix.dirname(path))
    const file = new LayeredFile(null, 0)
    this.#files.set(name, file)
    return file
  }

  /** Begins to change a file of the file system below. */
  async #layer(name: string, path: string): Promise<LayeredFile> {
    const handle = await this.#base.open(path, 'read')
    this.#baseHandles.push(handle)
    const file = new LayeredFile(handle, await handle.size())
    this.#files.set(name, file)
    return file
  }

  async #requireFolder(operation: string, path: string): Promise<void> {
    const found = await this.stat(path)
    if (found === null) throw new ErrnoError('ENOENT', operation, path)
    if (found.kind !== 'directory') throw new ErrnoError('ENOTDIR', operation, path)
  }
}
