/**
 * The directory that holds a store: one process at a time has it, and `varve.json` says in which
 * format it is (docs/format.md#the-data-directory). That file is durable before anything else is
 * there, so data without it means damage, never a new store.
 */
import { readFile, writeFileAtomically } from './platform/atomic-file.ts'
import type { Clock } from './platform/clock.ts'
import { errnoOf, type FileSystem } from './platform/file-system.ts'
import type { MirrorPlace } from './platform/mirror/find-copy.ts'
import type { MirrorListener } from './platform/mirror/mirror-copies.ts'
import { MIRROR_FILE } from './platform/mirror/mirror-record.ts'
import { MirrorInUseError, OpenMirror, uuidOf } from './platform/mirror/open-mirror.ts'
import type { Random } from './platform/random.ts'

/** The newest format this version reads, and the one it writes. */
export const FORMAT_VERSION = 1

const FORMAT_FILE = 'varve.json'
const LOCK_FILE = 'lock'
/** What only a store that was used has. */
const DATA_NAMES = ['hot', 'journal', 'snapshots', 'index', 'credentials.json', 'tiers.json']
const UNFINISHED_NAMES = ['varve.json', 'credentials.json', 'tiers.json', 'heat'].map(
  (name) => `${name}.tmp`,
)
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export type DataDirectoryErrorKind =
  /** Another process, or another server of this one, has the directory. */
  | 'in-use'
  /** Written by a later version of Varve. */
  | 'newer-format'
  /** `varve.json` is missing beside data, or does not say what it must. */
  | 'damaged'

/** The directory is refused; nothing in it was changed. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError'
  readonly kind: DataDirectoryErrorKind

  constructor(kind: DataDirectoryErrorKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}

export interface DataDirectoryParts {
  readonly fileSystem: FileSystem
  readonly path: string
  readonly clock: Clock
  readonly random: Random
  readonly mirror?: MirrorOptions
}

/** What else there is where the same is kept in several directories. */
export interface MirrorOptions {
  /** The directories beside `path`; each must be there. */
  readonly directories: readonly string[]
  /** Of `path` and those, the ones that an operator says are gone for good. */
  readonly lost: readonly string[]
  readonly listener: MirrorListener
  /** The file system that has a directory, where it is not the one of `path`. */
  readonly fileSystemOf?: (directory: string) => FileSystem
}

/** A locked data directory of a known format. */
export class DataDirectory implements AsyncDisposable {
  readonly path: string
  /** UUID made with the store; segment headers carry it. */
  readonly storeId: string
  /** What those above are to use: it knows of the copies. */
  readonly fileSystem: FileSystem
  /** Null where everything is there once. */
  readonly mirror: OpenMirror | null
  readonly #lock: AsyncDisposable

  private constructor(parts: {
    readonly path: string
    readonly storeId: string
    readonly fileSystem: FileSystem
    readonly mirror: OpenMirror | null
    readonly lock: AsyncDisposable
  }) {
    this.path = parts.path
    this.storeId = parts.storeId
    this.fileSystem = parts.fileSystem
    this.mirror = parts.mirror
    this.#lock = parts.lock
  }

  /** A directory for what is not mirrored: that of a copy that can be read and written. */
  get home(): string {
    return this.mirror?.home ?? this.path
  }

  /**
   * Makes the directory when it is missing, takes it for this process, and reads its format or, in
   * an empty one, writes it; durable at resolve.
   *
   * A directory that was once one of several is opened together with them, or not at all.
   *
   * @throws DataDirectoryError, MirrorError
   */
  static async open(parts: DataDirectoryParts): Promise<DataDirectory> {
    const { fileSystem, path, mirror } = parts
    const isMirrored = mirror !== undefined && mirror.directories.length > 0
    if (isMirrored || (await fileSystem.stat(`${path}/${MIRROR_FILE}`)) !== null) {
      return DataDirectory.#openMirror(parts)
    }
    await fileSystem.makeDirectory(path)
    const lock = await fileSystem.lock(`${path}/${LOCK_FILE}`)
    if (lock === null) {
      throw new DataDirectoryError('in-use', `${path} is in use by another Varve process`)
    }
    try {
      await removeUnfinished(fileSystem, path)
      const storeId = await readOrMakeStoreId(parts, uuidOf(parts.random.bytes(16)))
      const disposable = { [Symbol.asyncDispose]: () => lock.release() }
      return new DataDirectory({ path, storeId, fileSystem, mirror: null, lock: disposable })
    } catch (error) {
      await lock.release()
      throw error
    }
  }

  static async #openMirror(parts: DataDirectoryParts): Promise<DataDirectory> {
    const { path, random } = parts
    const { directories = [], lost = [], listener = () => {}, fileSystemOf } = parts.mirror ?? {}
    const places = [path, ...directories].map((directory) => {
      return { directory, fs: fileSystemOf?.(directory) ?? parts.fileSystem }
    })
    const newStoreId = () => uuidOf(random.bytes(16))
    const lockName = LOCK_FILE
    const options = { places, lost, random, holdsStore, newStoreId, listener, lockName }
    const mirror = await OpenMirror.open(options).catch((error: unknown) => {
      if (!(error instanceof MirrorInUseError)) throw error
      throw new DataDirectoryError('in-use', error.message)
    })
    try {
      const { fileSystem } = mirror
      await removeUnfinished(fileSystem, path)
      await mirror.settleFiles()
      const storeId = await readOrMakeStoreId({ ...parts, fileSystem }, mirror.storeId)
      if (storeId !== mirror.storeId) {
        throw damaged(`${path}/${FORMAT_FILE} is of another store than the mirror`)
      }
      return new DataDirectory({ path, storeId, fileSystem, mirror, lock: mirror })
    } catch (error) {
      await mirror[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Lets another process have the directory. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lock[Symbol.asyncDispose]()
  }
}

async function removeUnfinished(fileSystem: FileSystem, path: string): Promise<void> {
  for (const name of UNFINISHED_NAMES) {
    try {
      await fileSystem.remove(`${path}/${name}`)
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error
    }
  }
}

/**
 * The store id of a data directory, which is neither locked nor changed; null when it holds no
 * `varve.json`.
 *
 * @throws DataDirectoryError `newer-format`, `damaged`
 */
export async function readFormat(fileSystem: FileSystem, path: string): Promise<string | null> {
  const file = `${path}/${FORMAT_FILE}`
  const bytes = await readFile(fileSystem, file)
  return bytes === null ? null : readStoreId(file, bytes)
}

/** Null for a directory in which no store has ever been. */
export async function holdsStore({
  fs,
  directory,
}: MirrorPlace): Promise<{ readonly storeId: string | null } | null> {
  const file = `${directory}/${FORMAT_FILE}`
  const bytes = await readFile(fs, file)
  if (bytes !== null) return { storeId: readStoreId(file, bytes) }
  const names = await fs.list(directory)
  return names.some((name) => DATA_NAMES.includes(name)) ? { storeId: null } : null
}

async function readOrMakeStoreId(parts: DataDirectoryParts, newId: string): Promise<string> {
  const { fileSystem, path, clock } = parts
  const file = `${path}/${FORMAT_FILE}`
  const bytes = await readFile(fileSystem, file)
  if (bytes !== null) return readStoreId(file, bytes)

  const names = await fileSystem.list(path)
  const data = names.filter((name) => DATA_NAMES.includes(name))
  if (data.length > 0) {
    const found = data.join(', ')
    throw damaged(`${path} holds data (${found}) but no ${FORMAT_FILE}: varve repair makes it anew`)
  }
  const storeId = newId
  await writeFormat(fileSystem, path, { storeId, createdAt: clock.now() })
  return storeId
}

/** Makes a store of a directory; durable at resolve. */
export async function writeFormat(
  fileSystem: FileSystem,
  path: string,
  made: { readonly storeId: string; readonly createdAt: number },
): Promise<void> {
  const createdAt = new Date(made.createdAt).toISOString()
  const text = JSON.stringify({ format: FORMAT_VERSION, storeId: made.storeId, createdAt })
  await writeFileAtomically(fileSystem, `${path}/${FORMAT_FILE}`, Buffer.from(`${text}\n`))
}

function readStoreId(file: string, bytes: Buffer): string {
  const { format, storeId } = parseObject(file, bytes)
  if (typeof format !== 'number' || !Number.isSafeInteger(format) || format < 1) {
    throw damaged(`${file} is damaged: it names no format`)
  }
  // A later format may have moved everything else, so it is looked at first.
  if (format > FORMAT_VERSION) {
    throw new DataDirectoryError(
      'newer-format',
      `${file} says format ${format}, and this version of Varve knows formats up to ` +
        `${FORMAT_VERSION}: start a newer version`,
    )
  }
  if (typeof storeId !== 'string' || !UUID.test(storeId)) {
    throw damaged(`${file} is damaged: it names no store id`)
  }
  return storeId
}

function parseObject(file: string, bytes: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch (cause) {
    throw damaged(`${file} is damaged: it is not JSON`, cause)
  }
  throw damaged(`${file} is damaged: it is not a JSON object`)
}

function damaged(message: string, cause?: unknown): DataDirectoryError {
  return new DataDirectoryError('damaged', message, { cause })
}
