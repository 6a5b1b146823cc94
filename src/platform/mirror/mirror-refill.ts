/**
 * Fills a copy of a mirror from the complete ones while they go on being used: what is new reaches
 * it from the first moment, what is old is copied.
 *
 * Invariant: the copy counts as complete only once a look at all names, with no change of names
 * under way, has found nothing left to do, and all of it is durable.
 */
import { errnoOf, type FileHandle } from '../file-system.ts'
import type { MirrorCopies, MirrorCopy } from './mirror-copies.ts'
import { MIRROR_FILE, writeMirrorRecord } from './mirror-record.ts'
import type { Filling, MirroredFileSystem } from './mirrored-file-system.ts'
import { copyBytes, type MirroredHandle } from './mirrored-handle.ts'

export interface RefillParts {
  readonly mirror: MirroredFileSystem
  readonly copies: MirrorCopies
  readonly root: string
  readonly copy: MirrorCopy
  readonly signal: AbortSignal
}

/** Names directly in a directory of the mirror that each copy has for itself, or only one has. */
const OWN_NAMES: readonly string[] = [MIRROR_FILE, `${MIRROR_FILE}.tmp`, 'lock', 'index']
const FILLING_SUFFIX = '.filling'
const PIECE_SIZE = 1024 * 1024
/** A disk reads at least this much or nothing. */
const SECTOR_SIZE = 4096

export class MirrorRefill {
  readonly #parts: RefillParts
  readonly #filling: Filling
  /** Folders to be synced before the copy is complete. */
  readonly #folders = new Set<string>()
  #fileCount = 0
  #size = 0

  constructor(parts: RefillParts) {
    this.#parts = parts
    this.#filling = { copy: parts.copy, alike: new Set(), touched: new Set() }
  }

  /** Resolves when the copy is complete. When it rejects, the copy is out again. */
  async run(): Promise<void> {
    const { mirror, copies, copy, signal } = this.#parts
    const startedAt = performance.now()
    const { directory } = copy
    copies.emit({ event: 'refill-started', directory })
    const record = { ...copies.record, copy: copy.id, state: 'filling' } as const
    try {
      // Before anything else is there: a copy in part is never taken for a whole one.
      await writeMirrorRecord(copy.fs, directory, record)
      await this.#makeFolders(this.#parts.root)
      mirror.filling = this.#filling
      copy.reason = null
      copy.state = 'filling'
      let isComplete = false
      while (!isComplete) {
        await this.#pass(this.#parts.root, (path) => this.#fill(path))
        signal.throwIfAborted()
        isComplete = await mirror.names.alone(() => this.#complete())
      }
    } catch (cause) {
      if (copy.state !== 'out') copy.reason = errnoOf(cause) ?? 'it could not be filled'
      copy.state = 'out'
      copies.emit({ event: 'refill-failed', directory, cause })
      throw cause
    } finally {
      mirror.filling = null
    }
    const durationMs = performance.now() - startedAt
    const filled = { fileCount: this.#fileCount, size: this.#size }
    copies.emit({ event: 'refilled', directory, ...filled, durationMs })
  }

  /** True when nothing was left to do. No name changes meanwhile. */
  async #complete(): Promise<boolean> {
    const { copies, copy, root } = this.#parts
    let isMissing = false
    const names = new Set<string>()
    await this.#pass(root, async (path) => {
      names.add(path)
      if (!this.#isDone(path)) isMissing = true
    })
    if (isMissing) return false
    await this.#removeExtras(root, names)
    for (const folder of this.#folders) await copy.fs.syncDirectory(folder)
    this.#requireFilling()
    await copies.admit(copy)
    return true
  }

  async #makeFolders(path: string): Promise<void> {
    const { mirror, copy } = this.#parts
    const target = mirror.pathIn(copy, path)
    if (path !== this.#parts.root) await copy.fs.makeDirectory(target)
    this.#folders.add(target)
    for (const name of await this.#namesIn(path)) {
      const child = `${path}/${name}`
      if ((await mirror.stat(child))?.kind === 'directory') await this.#makeFolders(child)
    }
  }

  /** Visits every file below a folder of the mirror. */
  async #pass(path: string, visit: (path: string) => Promise<void>): Promise<void> {
    for (const name of await this.#namesIn(path)) {
      const child = `${path}/${name}`
      const stat = await this.#parts.mirror.stat(child)
      if (stat?.kind === 'directory') {
        if (!this.#folders.has(this.#parts.mirror.pathIn(this.#parts.copy, child))) {
          await this.#makeFolders(child)
        }
        await this.#pass(child, visit)
      } else if (stat !== null) await visit(child)
    }
  }

  async #namesIn(path: string): Promise<readonly string[]> {
    const names = await this.#parts.mirror.list(path)
    return path === this.#parts.root ? names.filter((name) => !OWN_NAMES.includes(name)) : names
  }

  #isDone(path: string): boolean {
    const { mirror, copy } = this.#parts
    const open = mirror.openAt(path)
    return this.#filling.alike.has(path) && open.every((handle) => handle.reaches(copy))
  }

  async #fill(path: string): Promise<void> {
    const { mirror, copy, signal } = this.#parts
    signal.throwIfAborted()
    this.#requireFilling()
    if (this.#isDone(path)) return
    this.#filling.touched.delete(path)
    const [open] = mirror.openAt(path)
    const target = mirror.pathIn(copy, path)
    const size = await (open === undefined
      ? this.#fillClosed(path, target)
      : this.#fillOpen(open, target))
    // Gone or closed meanwhile: the next pass sees what it is now.
    if (size === null) return
    this.#fileCount++
    this.#size += size
  }

  async #fillOpen(open: MirroredHandle, target: string): Promise<number | null> {
    const { fs } = this.#parts.copy
    // A new file with a new name: a sync of the old one may have failed, which is final for it.
    if ((await fs.stat(target)) !== null) await fs.remove(target)
    const file = await fs.open(target, 'create')
    let size: number | null = null
    try {
      size = await open.takeIn(this.#parts.copy, file)
      if (size !== null) this.#filling.alike.add(open.path)
      return size
    } finally {
      if (size === null) await file.close()
    }
  }

  /**
   * A file that nobody writes: copied under another name. What a copy has of it already is not
   * looked at: after a failed sync a file reads as it should, from memory, and is not on the disk.
   */
  async #fillClosed(path: string, target: string): Promise<number | null> {
    const { mirror, copy } = this.#parts
    const source = await openIfThere(mirror, path)
    if (source === null) return null
    await using _closed = source
    const size = await source.size()
    const unfinished = `${target}${FILLING_SUFFIX}`
    if ((await copy.fs.stat(unfinished)) !== null) await copy.fs.remove(unfinished)
    {
      await using file = await copy.fs.open(unfinished, 'create')
      await copyReadable(source, file, size)
      await file.sync()
    }
    return mirror.names.alone(async () => {
      // Another file has the name now, or none, and that may have reached the copy already.
      const isStale = this.#filling.touched.has(path) || mirror.openAt(path).length > 0
      if (isStale) await copy.fs.remove(unfinished)
      else {
        await copy.fs.rename(unfinished, target)
        this.#filling.alike.add(path)
      }
      return isStale ? null : size
    })
  }

  /** What a copy that was out still has of files that are gone. */
  async #removeExtras(path: string, names: ReadonlySet<string>): Promise<void> {
    const { mirror, copy, root } = this.#parts
    const folder = mirror.pathIn(copy, path)
    for (const name of await copy.fs.list(folder)) {
      if (path === root && OWN_NAMES.includes(name)) continue
      const child = `${path}/${name}`
      const stat = await copy.fs.stat(`${folder}/${name}`)
      if (stat?.kind === 'directory') {
        if (this.#folders.has(`${folder}/${name}`)) await this.#removeExtras(child, names)
      } else if (!names.has(child) && isOurs(path === root, name)) {
        await copy.fs.remove(`${folder}/${name}`)
      }
    }
  }

  #requireFilling(): void {
    const { copy } = this.#parts
    if (copy.state !== 'filling') throw new Error('the copy failed while it was filled')
  }
}

async function openIfThere(mirror: MirroredFileSystem, path: string): Promise<FileHandle | null> {
  try {
    return await mirror.open(path, 'read')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw error
  }
}

/** A disk may have things of its own at its top, such as lost+found. */
function isOurs(isTop: boolean, name: string): boolean {
  return !isTop || name.endsWith('.json') || name.endsWith(FILLING_SUFFIX)
}

/**
 * Copies a file, leaving holes where no copy can be read: what lay there is lost with or without a
 * new copy, and is found by its checksum.
 */
async function copyReadable(source: FileHandle, target: FileHandle, size: number): Promise<void> {
  for (let start = 0; start < size; start += PIECE_SIZE) {
    const end = Math.min(size, start + PIECE_SIZE)
    try {
      await copyBytes(source, target, { start, end })
    } catch (error) {
      if (errnoOf(error) !== 'EIO') throw error
      for (let sector = start; sector < end; sector += SECTOR_SIZE) {
        const range = { start: sector, end: Math.min(end, sector + SECTOR_SIZE) }
        await copyBytes(source, target, range).catch((failure) => {
          if (errnoOf(failure) !== 'EIO') throw failure
        })
      }
    }
  }
  if ((await target.size()) < size) await target.truncate(size)
}
