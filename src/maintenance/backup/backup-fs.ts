import { posix } from 'node:path'
import { ErrnoError } from '../../platform/errno-error.ts'
import type { FileHandle, FileLock, FileStat, OpenMode } from '../../platform/file-system.ts'
import type { BackupTarget } from './backup-target.ts'
import { type BackupFile, type Manifest, nameOfBytes } from './manifest.ts'

/**
 * A backup as the data directory it would be restored to, read where it lies. Shaped as a
 * FileSystem; takes no change.
 */
export class BackupFileSystem {
  readonly #target: BackupTarget
  readonly #files: ReadonlyMap<string, BackupFile>
  readonly #folders: ReadonlySet<string>

  constructor(target: BackupTarget, manifest: Manifest, path: string) {
    this.#target = target
    this.#files = new Map(manifest.files.map((file) => [posix.resolve(path, file.path), file]))
    const folders = ['', 'hot', 'journal', 'snapshots'].map((name) => posix.resolve(path, name))
    this.#folders = new Set(folders)
  }

  async open(path: string, mode: OpenMode): Promise<FileHandle> {
    if (mode !== 'read') throw new ErrnoError('EROFS', 'open', path)
    const file = this.#files.get(posix.resolve(path))
    if (file === undefined) throw new ErrnoError('ENOENT', 'open', path)
    return new BackupHandle(path, this.#target, file)
  }

  async list(path: string): Promise<readonly string[]> {
    const name = posix.resolve(path)
    if (!this.#folders.has(name)) throw new ErrnoError('ENOENT', 'list', path)
    return [...this.#files.keys(), ...this.#folders]
      .filter((each) => each !== name && posix.dirname(each) === name)
      .map((each) => posix.basename(each))
      .sort((left, right) => (left < right ? -1 : left > right ? 1 : 0))
  }

  async stat(path: string): Promise<FileStat | null> {
    const name = posix.resolve(path)
    const file = this.#files.get(name)
    if (file !== undefined) return { kind: 'file', size: file.size }
    const isParent = [...this.#folders].some((folder) => folder.startsWith(`${name}/`))
    const isFolder = name === '/' || isParent || this.#folders.has(name)
    return isFolder ? { kind: 'directory', size: 0 } : null
  }

  async space(): Promise<{ readonly freeSize: number; readonly totalSize: number }> {
    return { freeSize: 0, totalSize: 0 }
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
}

class BackupHandle implements FileHandle {
  readonly path: string
  readonly #target: BackupTarget
  readonly #file: BackupFile

  constructor(path: string, target: BackupTarget, file: BackupFile) {
    this.path = path
    this.#target = target
    this.#file = file
  }

  async read(bytes: Uint8Array, position: number): Promise<number> {
    const { sha256, size } = this.#file
    const end = Math.min(size, position + bytes.length)
    if (end <= position) return 0
    const piece = await this.#target.read(nameOfBytes(sha256), { start: position, end })
    bytes.set(piece)
    return piece.length
  }

  async size(): Promise<number> {
    return this.#file.size
  }

  async write(): Promise<void> {
    throw new ErrnoError('EBADF', 'write', this.path)
  }

  async sync(): Promise<void> {}

  async truncate(): Promise<void> {
    throw new ErrnoError('EBADF', 'truncate', this.path)
  }

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}
