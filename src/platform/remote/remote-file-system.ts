/**
 * A file system of which one folder may have files elsewhere: `ship` takes a whole file to a remote
 * folder and leaves a stub, and from then on it is read from there. All else passes through.
 *
 * Invariants: a file goes from here only after every byte of it was read back from the far side and
 * compared, and after the stub is durable; while both are there, the file here counts.
 */
import { dirname } from 'node:path'
import { readFile, writeFileAtomically } from '../atomic-file.ts'
import { ErrnoError } from '../errno-error.ts'
import {
  errnoOf,
  type FileHandle,
  type FileLock,
  type FileStat,
  type FileSystem,
  type OpenMode,
} from '../file-system.ts'
import type { RemoteFolder, RemoteSource } from './remote-folder.ts'
import { decodeStub, encodeStub, type RemoteStub } from './remote-stub.ts'

export interface RemoteFileSystemParts {
  readonly local: FileSystem
  /** The folder whose files may be shipped; not those of folders in it. */
  readonly folder: string
  readonly remote: RemoteFolder
  /** Whose the files are: a remote folder takes those of one owner only. */
  readonly owner: string
}

/** What stays here of a file, besides its name. */
export interface KeptBytes {
  readonly headSize: number
  /** Everything from here to the end. */
  readonly tailStart: number
}

const STUB_SUFFIX = '.remote'
const OWNER_NAME = 'varve-tier.json'
/** Read back and compared at a time. */
const COMPARED_SIZE = 4 * 1024 * 1024

/** Several calls may be under way; of `ship`, one per file. The remote folder stays the caller's. */
export class RemoteFileSystem implements FileSystem {
  readonly #parts: RemoteFileSystemParts
  readonly #local: FileSystem
  #isOwned = false

  constructor(parts: RemoteFileSystemParts) {
    this.#parts = parts
    this.#local = parts.local
  }

  /**
   * Takes a file that nobody writes any more to the remote folder. When it rejects, the file is
   * where it was; it can be called again, also after a crash.
   */
  async ship(path: string, kept: KeptBytes, signal: AbortSignal): Promise<void> {
    const name = this.#nameOf(path)
    if (name === null) throw new ErrnoError('EINVAL', 'ship', path)
    await this.#requireOwned(signal)
    await using file = await this.#local.open(path, 'read')
    const size = await file.size()
    const source = { size, read: (to: Uint8Array, at: number) => file.read(to, at) }
    await this.#parts.remote.put(name, source, signal)
    await this.#compare(name, source, signal)
    const head = await bytesOf(file, 0, kept.headSize)
    const tail = await bytesOf(file, kept.tailStart, size)
    const stub = encodeStub({ fileSize: size, head, tail })
    await writeFileAtomically(this.#local, stubPath(path), stub)
    await this.#local.remove(path)
    await this.#local.syncDirectory(dirname(path))
  }

  /** Whether the file lies in the remote folder, and here no more. */
  async isAway(path: string): Promise<boolean> {
    if (this.#nameOf(path) === null || (await this.#local.stat(path)) !== null) return false
    return (await this.#local.stat(stubPath(path))) !== null
  }

  async open(path: string, mode: OpenMode): Promise<FileHandle> {
    const name = this.#nameOf(path)
    if (name === null) return this.#local.open(path, mode)
    if (mode === 'create') {
      if (await this.isAway(path)) throw new ErrnoError('EEXIST', 'open', path)
      return this.#local.open(path, mode)
    }
    try {
      return await this.#local.open(path, mode)
    } catch (error) {
      const stub = errnoOf(error) === 'ENOENT' ? await this.#stubOf(path) : null
      if (stub === null) throw error
      if (mode === 'update') throw new ErrnoError('EROFS', 'open', path)
      return new RemoteHandle({ path, name, stub, remote: this.#parts.remote })
    }
  }

  async remove(path: string): Promise<void> {
    const name = this.#nameOf(path)
    const stub = name === null ? null : await this.#stubOf(path)
    if (name === null || stub === null) return this.#local.remove(path)
    // The stub goes last: what is left over is known by it.
    await this.#parts.remote.remove(name)
    await removeIfThere(this.#local, path)
    await this.#local.remove(stubPath(path))
  }

  async stat(path: string): Promise<FileStat | null> {
    const found = await this.#local.stat(path)
    if (found !== null || this.#nameOf(path) === null) return found
    const stub = await this.#stubOf(path)
    return stub === null ? null : { kind: 'file', size: stub.fileSize }
  }

  async list(path: string): Promise<readonly string[]> {
    const names = await this.#local.list(path)
    if (path !== this.#parts.folder) return names
    const shown = names.filter((name) => !name.endsWith(`${STUB_SUFFIX}.tmp`)).map(withoutSuffix)
    return [...new Set(shown)].sort()
  }

  async rename(source: string, target: string): Promise<void> {
    if (await this.isAway(source)) throw new ErrnoError('EROFS', 'rename', source)
    if (await this.isAway(target)) throw new ErrnoError('EROFS', 'rename', target)
    await this.#local.rename(source, target)
  }

  makeDirectory(path: string): Promise<void> {
    return this.#local.makeDirectory(path)
  }

  syncDirectory(path: string): Promise<void> {
    return this.#local.syncDirectory(path)
  }

  space(path: string): Promise<{ readonly freeSize: number; readonly totalSize: number }> {
    return this.#local.space(path)
  }

  lock(path: string): Promise<FileLock | null> {
    return this.#local.lock(path)
  }

  /** Of a file that may be shipped; null for any other. */
  #nameOf(path: string): string | null {
    const { folder } = this.#parts
    const name = path.slice(folder.length + 1)
    return path.startsWith(`${folder}/`) && !name.includes('/') ? name : null
  }

  async #stubOf(path: string): Promise<RemoteStub | null> {
    const bytes = await readFile(this.#local, stubPath(path))
    return bytes === null ? null : decodeStub(bytes, stubPath(path))
  }

  /** Once per process: two stores in one folder would overwrite each other's files. */
  async #requireOwned(signal: AbortSignal): Promise<void> {
    if (this.#isOwned) return
    const { remote, owner } = this.#parts
    const mark = Buffer.from(`${JSON.stringify({ format: 1, storeId: owner, tier: 'cold' })}\n`)
    const found = await remote.read(OWNER_NAME, { start: 0, end: 4096 })
    if (found === null) await remote.put(OWNER_NAME, sourceOf(mark), signal)
    else if (!found.equals(mark)) throw new ErrnoError('EPERM', 'take for this store', remote.name)
    this.#isOwned = true
  }

  async #compare(name: string, source: RemoteSource, signal: AbortSignal): Promise<void> {
    const piece = Buffer.allocUnsafeSlow(Math.min(COMPARED_SIZE, source.size))
    for (let start = 0; start < source.size; start += COMPARED_SIZE) {
      signal.throwIfAborted()
      const end = Math.min(source.size, start + COMPARED_SIZE)
      const size = await source.read(piece.subarray(0, end - start), start)
      const there = await this.#parts.remote.read(name, { start, end })
      const isSame = there?.equals(piece.subarray(0, size)) === true && size === end - start
      if (!isSame) throw new ErrnoError('EIO', 'read back', `${this.#parts.remote.name}/${name}`)
    }
  }
}

interface RemoteHandleParts {
  readonly path: string
  readonly name: string
  readonly stub: RemoteStub
  readonly remote: RemoteFolder
}

/** Head and tail from the stub, what is between from the remote folder. */
class RemoteHandle implements FileHandle {
  readonly path: string
  readonly #parts: RemoteHandleParts

  constructor(parts: RemoteHandleParts) {
    this.path = parts.path
    this.#parts = parts
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    const { fileSize, head, tail } = this.#parts.stub
    const tailStart = fileSize - tail.length
    const end = Math.min(fileSize, position + target.length)
    let at = position
    if (at < Math.min(end, head.length)) {
      target.set(head.subarray(at, end), 0)
      at = Math.min(end, head.length)
    }
    const bodyEnd = Math.min(end, tailStart)
    if (at < bodyEnd) {
      target.set(await this.#fetch(at, bodyEnd), at - position)
      at = bodyEnd
    }
    if (at < end) target.set(tail.subarray(at - tailStart, end - tailStart), at - position)
    return Math.max(0, end - position)
  }

  async #fetch(start: number, end: number): Promise<Buffer> {
    const { remote, name } = this.#parts
    const bytes = await remote.read(name, { start, end })
    const where = `${remote.name}/${name}`
    if (bytes === null) throw new ErrnoError('ENOENT', 'read', where)
    if (bytes.length !== end - start) throw new ErrnoError('EIO', 'read', where)
    return bytes
  }

  async size(): Promise<number> {
    return this.#parts.stub.fileSize
  }

  async write(): Promise<void> {
    throw new ErrnoError('EBADF', 'write', this.path)
  }

  async truncate(): Promise<void> {
    throw new ErrnoError('EBADF', 'truncate', this.path)
  }

  async sync(): Promise<void> {}

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}

async function bytesOf(file: FileHandle, start: number, end: number): Promise<Buffer> {
  const bytes = Buffer.alloc(end - start)
  return bytes.subarray(0, await file.read(bytes, start))
}

function sourceOf(bytes: Buffer): RemoteSource {
  const read = async (target: Uint8Array, position: number) => {
    const piece = bytes.subarray(position, position + target.length)
    target.set(piece)
    return piece.length
  }
  return { size: bytes.length, read }
}

async function removeIfThere(fs: FileSystem, path: string): Promise<void> {
  try {
    await fs.remove(path)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  }
}

function stubPath(path: string): string {
  return `${path}${STUB_SUFFIX}`
}

function withoutSuffix(name: string): string {
  return name.endsWith(STUB_SUFFIX) ? name.slice(0, -STUB_SUFFIX.length) : name
}
