import { posix } from 'node:path'
import { ErrnoError } from './errno-error.ts'
import {
  errnoOf,
  type FileHandle,
  type FileLock,
  type FileStat,
  type FileSystem,
  type OpenMode,
} from './file-system.ts'
import { LayeredFile, LayeredHandle } from './layered-file.ts'

/** Files opened at a time while freezing. */
const CONCURRENCY = 16

/**
 * Some folders as they are at one moment, while others go on writing in them: every file in them is
 * held open, so that it can be read though it be removed, and ends where it ended at that moment.
 * Read-only. Costs one open file for each file there is.
 *
 * What is appended between two calls of `take` is in the later one: whoever wants the files of one
 * folder to be no older than those of another takes it again afterwards.
 */
export class FrozenFileSystem implements AsyncDisposable {
  readonly #base: FileSystem
  readonly #files = new Map<string, { readonly handle: FileHandle; size: number }>()
  readonly #folders = new Set<string>()

  constructor(base: FileSystem) {
    this.#base = base
  }

  /** Takes hold of the files of a folder, and of their sizes at this moment. Oldest names first. */
  async take(folder: string): Promise<void> {
    const path = posix.resolve(folder)
    if ((await this.#base.stat(folder))?.kind !== 'directory') return
    this.#folders.add(path)
    const names = [...(await this.#base.list(folder))].reverse()
    const takeNext = async () => {
      for (let name = names.pop(); name !== undefined; name = names.pop()) {
        await this.#takeFile(`${path}/${name}`)
      }
    }
    const outcomes = await Promise.allSettled(Array.from({ length: CONCURRENCY }, takeNext))
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    // Those that are gone by now are held, and may have grown before they went.
    for (const [file, taken] of this.#files) {
      if (posix.dirname(file) === path) taken.size = await taken.handle.size()
    }
  }

  async open(path: string, mode: OpenMode): Promise<FileHandle> {
    if (mode !== 'read') throw new ErrnoError('EROFS', 'open', path)
    const taken = this.#files.get(posix.resolve(path))
    if (taken === undefined) throw new ErrnoError('ENOENT', 'open', path)
    return new LayeredHandle(path, new LayeredFile(taken.handle, taken.size), false)
  }

  async list(path: string): Promise<readonly string[]> {
    const name = posix.resolve(path)
    if (!this.#folders.has(name)) throw new ErrnoError('ENOENT', 'list', path)
    const below = [...this.#files.keys(), ...this.#folders]
    return below
      .filter((each) => posix.dirname(each) === name && each !== name)
      .map((each) => posix.basename(each))
      .sort((left, right) => (left < right ? -1 : left > right ? 1 : 0))
  }

  async stat(path: string): Promise<FileStat | null> {
    const name = posix.resolve(path)
    const taken = this.#files.get(name)
    if (taken !== undefined) return { kind: 'file', size: taken.size }
    const isParent = [...this.#folders].some((folder) => folder.startsWith(`${name}/`))
    const isFolder = name === '/' || isParent || this.#folders.has(name)
    return isFolder ? { kind: 'directory', size: 0 } : null
  }

  space(path: string): Promise<{ readonly freeSize: number; readonly totalSize: number }> {
    return this.#base.space(path)
  }

  async syncDirectory(): Promise<void> {}

  async rename(source: string): Promise<void> {
    throw new ErrnoError('EROFS', 'rename', source)
  }

  async remove(path: string): Promise<void> {
    throw new ErrnoError('EROFS', 'remove', path)
  }

  async makeDirectory(path: string): Promise<void> {
    throw new ErrnoError('EROFS', 'makeDirectory', path)
  }

  async lock(path: string): Promise<FileLock | null> {
    throw new ErrnoError('EROFS', 'lock', path)
  }

  /** Lets go of all files. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { handle } of this.#files.values()) await handle.close()
    this.#files.clear()
    this.#folders.clear()
  }

  async #takeFile(path: string): Promise<void> {
    if (this.#files.has(path)) return
    if ((await this.#base.stat(path))?.kind !== 'file') return
    try {
      const handle = await this.#base.open(path, 'read')
      this.#files.set(path, { handle, size: 0 })
    } catch (error) {
      // Removed between the listing and now.
      if (errnoOf(error) !== 'ENOENT') throw error
    }
  }
}
