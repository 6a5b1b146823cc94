import { posix } from 'node:path'
import {
  errnoOf,
  type FileHandle,
  type FileLock,
  type FileStat,
  type FileSystem,
  type OpenMode,
} from '../file-system.ts'
import { Gate } from './gate.ts'
import type { MirrorCopies, MirrorCopy } from './mirror-copies.ts'
import { MirroredHandle, MirroredReader } from './mirrored-handle.ts'

export interface MirroredFileSystemParts {
  /** The path under which those above know the mirror: that of its first directory. */
  readonly root: string
  readonly copies: MirrorCopies
  /** Where paths that are not below `root` lie. */
  readonly outside: FileSystem
}

/** One copy of every file, to look at what the file system itself would not show. */
export interface CopyView {
  /** The directory of the copy. */
  readonly directory: string
  /** Opens this copy of a file, given by the path it has in the mirror; only to be read. */
  open(path: string): Promise<FileHandle>
  /** Names in this copy of a folder; none when it has none, or is given up for not answering. */
  list(path: string): Promise<readonly string[]>
}

/**
 * What a file system that keeps every file more than once can do besides. Which copy of some bytes
 * is the right one, only those above know, who have their checksums.
 */
export interface Mirror {
  /** The complete copies; a plain read asks the first one. */
  readonly views: readonly CopyView[]
  /** Whether what lies under this path is mirrored. */
  covers(path: string): boolean
  /**
   * Writes bytes that decayed in one copy of a file anew, and makes them durable; a copy that has
   * no such file gets one. A copy that does not take them is given up.
   */
  repair(view: CopyView, path: string, range: RepairRange): Promise<void>
}

export interface RepairRange {
  readonly offset: number
  readonly bytes: Uint8Array
  /** The size the file is to have; null leaves it as it is. */
  readonly size: number | null
}

/** What is known of the one copy that is being filled. By path in the mirror. */
export interface Filling {
  readonly copy: MirrorCopy
  /** Files of which it has all that the complete copies have. */
  readonly alike: Set<string>
  /** Names that came to mean something else since the refill took this down. */
  readonly touched: Set<string>
}

/**
 * Several directories as one: what is written below `root` is written to each, at the same time,
 * and what is read is read from one of them.
 */
export class MirroredFileSystem implements FileSystem, Mirror {
  readonly #root: string
  readonly #copies: MirrorCopies
  readonly #outside: FileSystem
  /** Changes of names: held up while a refill compares them. */
  readonly names = new Gate()
  readonly #handles = new Map<string, Set<MirroredHandle>>()
  /** Kept up by every change of names, while a copy is being filled. */
  filling: Filling | null = null

  constructor({ root, copies, outside }: MirroredFileSystemParts) {
    this.#root = root
    this.#copies = copies
    this.#outside = outside
  }

  get views(): readonly CopyView[] {
    return this.#copies.complete.map((copy) => this.viewOf(copy))
  }

  covers(path: string): boolean {
    return this.#isMirrored(path)
  }

  async repair(view: CopyView, path: string, range: RepairRange): Promise<void> {
    const copy = this.#copies.written.find(({ directory }) => directory === view.directory)
    if (copy === undefined) return
    try {
      await writeRange(copy.fs, this.pathIn(copy, path), range)
    } catch (cause) {
      this.#copies.giveUp(copy, cause)
      await this.#copies.recorded()
      throw cause
    }
    const { directory } = copy
    const { offset, bytes } = range
    this.#copies.emit({ event: 'copy-repaired', directory, file: path, offset, size: bytes.length })
  }

  async open(path: string, mode: OpenMode): Promise<FileHandle> {
    if (!this.#isMirrored(path)) return this.#outside.open(path, mode)
    if (mode === 'read') return this.#openToRead(path)
    return this.names.pass(() => this.#openToWrite(path, mode))
  }

  rename(source: string, target: string): Promise<void> {
    if (!this.#isMirrored(source)) return this.#outside.rename(source, target)
    return this.names.pass(async () => {
      this.filling?.touched.add(source).add(target)
      await this.#copies.change((copy) =>
        lenient(copy, copy.fs.rename(this.pathIn(copy, source), this.pathIn(copy, target))),
      )
      if (this.filling?.alike.delete(source) === true) this.filling.alike.add(target)
      else this.filling?.alike.delete(target)
    })
  }

  remove(path: string): Promise<void> {
    if (!this.#isMirrored(path)) return this.#outside.remove(path)
    return this.names.pass(async () => {
      this.filling?.touched.add(path)
      this.filling?.alike.delete(path)
      await this.#copies.change((copy) => copy.fs.remove(this.pathIn(copy, path)), ['ENOENT'])
    })
  }

  makeDirectory(path: string): Promise<void> {
    if (!this.#isMirrored(path)) return this.#outside.makeDirectory(path)
    return this.names.pass(async () => {
      await this.#copies.change((copy) => copy.fs.makeDirectory(this.pathIn(copy, path)))
    })
  }

  list(path: string): Promise<readonly string[]> {
    if (!this.#isMirrored(path)) return this.#outside.list(path)
    return this.#ask((copy) => copy.fs.list(this.pathIn(copy, path)))
  }

  async syncDirectory(path: string): Promise<void> {
    if (!this.#isMirrored(path)) return this.#outside.syncDirectory(path)
    await this.#copies.change((copy) =>
      lenient(copy, copy.fs.syncDirectory(this.pathIn(copy, path))),
    )
  }

  stat(path: string): Promise<FileStat | null> {
    if (!this.#isMirrored(path)) return this.#outside.stat(path)
    return this.#ask((copy) => copy.fs.stat(this.pathIn(copy, path)))
  }

  /** Of the copy with the least room. */
  async space(path: string): Promise<{ readonly freeSize: number; readonly totalSize: number }> {
    if (!this.#isMirrored(path)) return this.#outside.space(path)
    const asked = this.#copies.written.map((copy) => copy.fs.space(this.pathIn(copy, path)))
    const results = await Promise.allSettled(asked)
    const spaces = results.flatMap((result) => {
      return result.status === 'fulfilled' ? [result.value] : []
    })
    const [first, ...others] = spaces
    if (first === undefined) return this.#ask((copy) => copy.fs.space(this.pathIn(copy, path)))
    return others.reduce((least, each) => (each.freeSize < least.freeSize ? each : least), first)
  }

  /** Held on every copy. */
  async lock(path: string): Promise<FileLock | null> {
    if (!this.#isMirrored(path)) return this.#outside.lock(path)
    const locks: FileLock[] = []
    const release = async () => {
      for (const lock of locks) await lock.release()
    }
    for (const copy of this.#copies.complete) {
      const lock = await copy.fs.lock(this.pathIn(copy, path))
      if (lock === null) {
        await release()
        return null
      }
      locks.push(lock)
    }
    return { release }
  }

  /** Where a copy keeps what the mirror knows under `path`. */
  pathIn(copy: MirrorCopy, path: string): string {
    return `${copy.directory}${path.slice(this.#root.length)}`
  }

  /** The files below `root` that are open to be written, by their path. */
  openAt(path: string): readonly MirroredHandle[] {
    return [...(this.#handles.get(path) ?? [])]
  }

  viewOf(copy: MirrorCopy): CopyView {
    return {
      directory: copy.directory,
      open: (path) => copy.fs.open(this.pathIn(copy, path), 'read'),
      list: async (path) => {
        try {
          return await copy.fs.list(this.pathIn(copy, path))
        } catch (error) {
          if (errnoOf(error) === 'ENOENT') return []
          if (this.#copies.complete.every((other) => other === copy)) throw error
          // It does not answer, and others do.
          this.#copies.giveUp(copy, error)
          await this.#copies.recorded()
          return []
        }
      },
    }
  }

  async #openToWrite(path: string, mode: 'update' | 'create'): Promise<FileHandle> {
    const handles = new Map<MirrorCopy, FileHandle>()
    try {
      await this.#copies.change(async (copy) => {
        // What it has under this name is of before, and is not to be added to.
        const isOld = copy.state === 'filling' && this.filling?.alike.has(path) !== true
        if (mode === 'update' && isOld) return
        const opening = copy.fs.open(this.pathIn(copy, path), mode)
        await lenient(
          copy,
          opening.then((handle) => void handles.set(copy, handle)),
        )
      })
    } catch (error) {
      for (const [copy, handle] of handles) {
        await handle.close()
        // What only some copies could make is as good as not made.
        if (mode === 'create') await copy.fs.remove(this.pathIn(copy, path)).catch(() => {})
      }
      throw error
    }
    if (mode === 'create') this.#noteCreated(path, handles)
    // In the order of the copies, whichever was the fastest: the first one is read from.
    const ordered = this.#copies.all.flatMap((copy) => {
      const handle = handles.get(copy)
      return handle === undefined ? [] : ([[copy, handle]] as const)
    })
    return this.#register(path, new Map(ordered))
  }

  #noteCreated(path: string, handles: ReadonlyMap<MirrorCopy, FileHandle>): void {
    const { filling } = this
    if (filling === null) return
    filling.touched.add(path)
    if (handles.has(filling.copy)) filling.alike.add(path)
    else filling.alike.delete(path)
  }

  async #openToRead(path: string): Promise<FileHandle> {
    const open = (copy: MirrorCopy) => copy.fs.open(this.pathIn(copy, path), 'read')
    let failure: unknown = null
    for (const copy of this.#copies.complete) {
      try {
        const handle = await open(copy)
        if (failure !== null) this.#noteUnreadable(path, failure)
        return new MirroredReader(path, this.#copies, { first: { copy, handle }, open })
      } catch (error) {
        failure ??= error
      }
    }
    throw failure ?? new Error('no copy is left')
  }

  #noteUnreadable(file: string, cause: unknown): void {
    const directory = this.#copies.complete[0]?.directory ?? ''
    this.#copies.emit({ event: 'copy-unreadable', directory, file, cause })
  }

  /** Asks one complete copy after another until one answers. */
  async #ask<Result>(call: (copy: MirrorCopy) => Promise<Result>): Promise<Result> {
    let failure: unknown = null
    for (const copy of this.#copies.complete) {
      try {
        return await call(copy)
      } catch (error) {
        failure ??= error
        // What is not in this one may be missing there; what it is, the first one says.
      }
    }
    throw failure ?? new Error('no copy is left')
  }

  #register(path: string, handles: Map<MirrorCopy, FileHandle>): MirroredHandle {
    const handle = new MirroredHandle(path, this.#copies, {
      handles,
      onClose: (closed) => {
        const open = this.#handles.get(path)
        open?.delete(closed)
        if (open?.size === 0) this.#handles.delete(path)
      },
    })
    const open = this.#handles.get(path) ?? new Set()
    this.#handles.set(path, open.add(handle))
    return handle
  }

  #isMirrored(path: string): boolean {
    return path === this.#root || path.startsWith(`${this.#root}/`)
  }
}

/** A copy that is being filled may not have the file, or the folder, yet. */
async function lenient(copy: MirrorCopy, change: Promise<void>): Promise<void> {
  try {
    await change
  } catch (error) {
    if (copy.state !== 'filling' || errnoOf(error) !== 'ENOENT') throw error
  }
}

async function writeRange(fs: FileSystem, path: string, range: RepairRange): Promise<void> {
  const { offset, bytes, size } = range
  const isThere = (await fs.stat(path)) !== null
  await using handle = await fs.open(path, isThere ? 'update' : 'create')
  if (bytes.length > 0) await handle.write([bytes], offset)
  if (size !== null && (await handle.size()) !== size) await handle.truncate(size)
  await handle.sync()
  if (!isThere) await fs.syncDirectory(posix.dirname(path))
}
