import { constants, promises } from 'node:fs'
import { resolve } from 'node:path'
import type { FileSystem, OpenMode } from './file-system.ts'
import { errnoOf, type FileHandle, type FileLock, type FileStat } from './file-system.ts'
import { makeDirectories } from './make-directories.ts'
import { type NodeCalls, nodeCalls } from './node-calls.ts'
import { NodeFileHandle } from './node-handle.ts'
import { lockFile } from './node-lock.ts'

const FILE_MODE = 0o600
const DIRECTORY_MODE = 0o700

const flagsOf = {
  read: constants.O_RDONLY,
  update: constants.O_RDWR,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
} as const satisfies Record<OpenMode, number>

/** The file system of the machine, by node:fs. */
export class NodeFileSystem implements FileSystem {
  readonly #calls: NodeCalls

  constructor(calls: NodeCalls = nodeCalls) {
    this.#calls = calls
  }

  async open(path: string, mode: OpenMode): Promise<FileHandle> {
    const fd = await this.#calls.open(path, flagsOf[mode], FILE_MODE)
    return new NodeFileHandle(path, fd, this.#calls)
  }

  rename(source: string, target: string): Promise<void> {
    return promises.rename(source, target)
  }

  remove(path: string): Promise<void> {
    return promises.unlink(path)
  }

  makeDirectory(path: string): Promise<void> {
    return makeDirectories(
      {
        stat: (folder) => this.stat(folder),
        syncDirectory: (folder) => this.syncDirectory(folder),
        makeOne: (folder) => promises.mkdir(folder, { mode: DIRECTORY_MODE }),
      },
      resolve(path),
    )
  }

  async list(path: string): Promise<readonly string[]> {
    const names = await promises.readdir(path)
    return names.sort()
  }

  async syncDirectory(path: string): Promise<void> {
    const flags = constants.O_RDONLY | constants.O_DIRECTORY
    const fd = await this.#calls.open(path, flags, 0)
    try {
      await this.#calls.sync(fd)
    } finally {
      await this.#calls.close(fd)
    }
  }

  async stat(path: string): Promise<FileStat | null> {
    try {
      const stats = await promises.stat(path)
      return { kind: stats.isDirectory() ? 'directory' : 'file', size: stats.size }
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return null
      throw error
    }
  }

  async space(path: string): Promise<{ readonly freeSize: number; readonly totalSize: number }> {
    const stats = await promises.statfs(path)
    // bavail: what remains for a process that is not root.
    return { freeSize: stats.bavail * stats.bsize, totalSize: stats.blocks * stats.bsize }
  }

  async lock(path: string): Promise<FileLock | null> {
    const fd = await this.#calls.open(path, constants.O_RDWR | constants.O_CREAT, FILE_MODE)
    return lockFile(fd, () => this.#calls.close(fd))
  }
}
