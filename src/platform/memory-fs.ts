import { posix } from 'node:path'
import { type CrashModel, survivalOf } from './crash-model.ts'
import { ErrnoError } from './errno-error.ts'
import type { FileHandle, FileLock, FileStat, FileSystem, OpenMode } from './file-system.ts'
import { makeDirectories } from './make-directories.ts'
import { MemoryDirectory, type MemoryNode } from './memory-directory.ts'
import { MemoryFile } from './memory-file.ts'
import { MemoryFileHandle } from './memory-handle.ts'
import { type DiskOperation, type Interceptor, MemoryVolume } from './memory-volume.ts'

export type { CrashModel } from './crash-model.ts'
export type { DiskOperation, DiskOperationName, Fault, Interceptor } from './memory-volume.ts'

export interface MemoryFileSystemOptions {
  /** Tracks what is durable, so that `crash` can be called. Costs memory; off by default. */
  readonly simulate?: boolean
  /** Records every operation that changes the disk in `trace`. Grows without limit. */
  readonly trace?: boolean
  /** Total bytes of file contents; writes beyond fail with ENOSPC. Default: 2^50. */
  readonly capacity?: number
}

export interface CrashOptions {
  readonly model: CrashModel
  /** Decides what `subset` and `torn` keep. */
  readonly seed?: number
}

/**
 * A file system in memory: of memory mode, and, with `simulate`, a disk that forgets. Nothing is
 * durable before its sync has succeeded, and `crash` shows what a power loss may leave. Paths are
 * taken from the root, whatever the working directory.
 */
export class MemoryFileSystem implements FileSystem {
  readonly #simulate: boolean
  readonly #volume: MemoryVolume
  readonly #locks = new Set<string>()
  #root: MemoryDirectory

  constructor(options: MemoryFileSystemOptions = {}) {
    this.#simulate = options.simulate ?? false
    this.#volume = new MemoryVolume(options.capacity ?? 2 ** 50, options.trace ?? false)
    this.#root = new MemoryDirectory(this.#simulate)
  }

  /** Operations that changed the disk, in the order they were asked for. Empty without `trace`. */
  get trace(): readonly DiskOperation[] {
    return this.#volume.trace ?? []
  }

  /** Calls so far, reads and questions included: the next operation has this index. */
  get operationCount(): number {
    return this.#volume.operationCount
  }

  /** Sets what is called before every operation, in place of the one before; null for nothing. */
  intercept(interceptor: Interceptor | null): void {
    this.#volume.interceptor = interceptor
  }

  /**
   * The disk as it might be after a crash at this moment, as a new file system: no locks, no open
   * files, no interceptor. This one goes on undisturbed. Needs `simulate`.
   */
  crash({ model, seed = 0 }: CrashOptions): MemoryFileSystem {
    const image = new MemoryFileSystem({ simulate: true, capacity: this.#volume.capacity })
    const copies = new Map<MemoryNode, MemoryNode>()
    const survival = model === 'kill' ? null : survivalOf(model, seed)
    const copyOf = (node: MemoryNode): MemoryNode => {
      const known = copies.get(node)
      if (known !== undefined) return known
      const copy = crashed(node)
      copies.set(node, copy)
      return copy
    }
    const crashed = (node: MemoryNode): MemoryNode => {
      if (node.kind === 'directory') return crashedDirectory(node)
      return survival === null ? node.afterKill() : node.afterPowerLoss(survival)
    }
    const crashedDirectory = (directory: MemoryDirectory): MemoryDirectory =>
      survival === null ? directory.afterKill(copyOf) : directory.afterPowerLoss(survival, copyOf)
    image.#root = crashedDirectory(this.#root)
    image.#count(image.#root)
    return image
  }

  async open(path: string, mode: OpenMode): Promise<FileHandle> {
    await this.#volume.pass({ operation: mode === 'create' ? 'create' : 'open', path })
    const file = mode === 'create' ? this.#create(path) : this.#file('open', path)
    return new MemoryFileHandle(path, mode, { file, volume: this.#volume })
  }

  async rename(source: string, target: string): Promise<void> {
    await this.#volume.pass({ operation: 'rename', path: source, target })
    const from = this.#place('rename', source)
    const to = this.#place('rename', target)
    const node = from.directory.get(from.name)
    if (node === undefined) throw new ErrnoError('ENOENT', 'rename', source)
    const replaced = to.directory.get(to.name)
    if (replaced === node) return
    if (replaced?.kind === 'directory') throw new ErrnoError('EISDIR', 'rename', target)
    if (from.directory === to.directory) {
      from.directory.change({ kind: 'rename', source: from.name, target: to.name, node })
    } else {
      to.directory.change({ kind: 'link', name: to.name, node })
      from.directory.change({ kind: 'unlink', name: from.name })
    }
    if (replaced !== undefined) this.#unlinked(replaced)
  }

  async remove(path: string): Promise<void> {
    await this.#volume.pass({ operation: 'remove', path })
    const { directory, name } = this.#place('remove', path)
    const file = this.#file('remove', path)
    directory.change({ kind: 'unlink', name })
    this.#unlinked(file)
  }

  async makeDirectory(path: string): Promise<void> {
    await makeDirectories(
      {
        stat: async (folder) => this.#statNow(folder),
        syncDirectory: (folder) => this.syncDirectory(folder),
        makeOne: async (folder) => {
          await this.#volume.pass({ operation: 'makeDirectory', path: folder })
          const { directory, name } = this.#place('makeDirectory', folder)
          if (directory.get(name) !== undefined) {
            throw new ErrnoError('EEXIST', 'makeDirectory', folder)
          }
          directory.change({ kind: 'link', name, node: new MemoryDirectory(this.#simulate) })
        },
      },
      posix.resolve('/', path),
    )
  }

  async list(path: string): Promise<readonly string[]> {
    await this.#volume.pass({ operation: 'list', path })
    return this.#directory('list', path).names()
  }

  async syncDirectory(path: string): Promise<void> {
    const pending = this.#directory('syncDirectory', path).beginSync()
    try {
      await this.#volume.pass({ operation: 'syncDirectory', path })
    } catch (error) {
      pending.doom()
      throw error
    }
    pending.confirm()
  }

  async stat(path: string): Promise<FileStat | null> {
    await this.#volume.pass({ operation: 'stat', path })
    return this.#statNow(path)
  }

  async space(path: string): Promise<{ readonly freeSize: number; readonly totalSize: number }> {
    await this.#volume.pass({ operation: 'space', path })
    if (this.#find(path) === undefined) throw new ErrnoError('ENOENT', 'space', path)
    return { freeSize: this.#volume.freeSize, totalSize: this.#volume.capacity }
  }

  async lock(path: string): Promise<FileLock | null> {
    await this.#volume.pass({ operation: 'lock', path })
    const key = posix.resolve('/', path)
    if (this.#locks.has(key)) return null
    if (this.#find(path) === undefined) this.#create(path)
    this.#locks.add(key)
    let isHeld = true
    return {
      release: async () => {
        if (isHeld) this.#locks.delete(key)
        isHeld = false
      },
    }
  }

  #create(path: string): MemoryFile {
    const { directory, name } = this.#place('create', path)
    if (directory.get(name) !== undefined) throw new ErrnoError('EEXIST', 'create', path)
    const file = new MemoryFile(this.#simulate)
    file.linkCount = 1
    directory.change({ kind: 'link', name, node: file })
    return file
  }

  #unlinked(node: MemoryNode): void {
    if (node.kind !== 'file') return
    node.linkCount--
    if (node.handleCount === 0 && node.linkCount === 0) this.#volume.resize(-node.size)
  }

  /** Counts names and bytes of a tree that was copied. */
  #count(directory: MemoryDirectory): void {
    for (const name of directory.names()) {
      const node = directory.get(name)
      if (node?.kind === 'directory') this.#count(node)
      else if (node !== undefined && node.linkCount++ === 0) this.#volume.resize(node.size)
    }
  }

  #find(path: string): MemoryNode | undefined {
    let node: MemoryNode | undefined = this.#root
    for (const name of posix.resolve('/', path).split('/')) {
      if (name === '') continue
      node = node?.kind === 'directory' ? node.get(name) : undefined
    }
    return node
  }

  #statNow(path: string): FileStat | null {
    const node = this.#find(path)
    if (node === undefined) return null
    return { kind: node.kind, size: node.kind === 'file' ? node.size : 0 }
  }

  #file(operation: string, path: string): MemoryFile {
    const node = this.#find(path)
    if (node === undefined) throw new ErrnoError('ENOENT', operation, path)
    if (node.kind !== 'file') throw new ErrnoError('EISDIR', operation, path)
    return node
  }

  #directory(operation: string, path: string): MemoryDirectory {
    const node = this.#find(path)
    if (node === undefined) throw new ErrnoError('ENOENT', operation, path)
    if (node.kind !== 'directory') throw new ErrnoError('ENOTDIR', operation, path)
    return node
  }

  /** The folder that holds a name, which need not exist. */
  #place(operation: string, path: string): { directory: MemoryDirectory; name: string } {
    const full = posix.resolve('/', path)
    return {
      directory: this.#directory(operation, posix.dirname(full)),
      name: posix.basename(full),
    }
  }
}
