/**
 * The directory that holds a store: one process at a time has it, and `varve.json` says in which
 * format it is (docs/format.md#the-data-directory). That file is durable before anything else is
 * there, so data without it means damage, never a new store.
 */
import { readFile, writeFileAtomically } from './platform/atomic-file.ts'
import type { Clock } from './platform/clock.ts'
import { errnoOf, type FileLock, type FileSystem } from './platform/file-system.ts'
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
}

/** A locked data directory of a known format. */
export class DataDirectory implements AsyncDisposable {
  readonly path: string
  /** UUID made with the store; segment headers carry it. */
  readonly storeId: string
  readonly #lock: FileLock

  private constructor(path: string, storeId: string, lock: FileLock) {
    this.path = path
    this.storeId = storeId
    this.#lock = lock
  }

  /**
   * Makes the directory when it is missing, takes it for this process, and reads its format or, in
   * an empty one, writes it; durable at resolve.
   *
   * @throws DataDirectoryError
   */
  static async open(parts: DataDirectoryParts): Promise<DataDirectory> {
    const { fileSystem, path } = parts
    await fileSystem.makeDirectory(path)
    const lock = await fileSystem.lock(`${path}/${LOCK_FILE}`)
    if (lock === null) {
      throw new DataDirectoryError('in-use', `${path} is in use by another Varve process`)
    }
    try {
      await removeUnfinished(fileSystem, path)
      return new DataDirectory(path, await readOrMakeStoreId(parts), lock)
    } catch (error) {
      await lock.release()
      throw error
    }
  }

  /** Lets another process have the directory. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lock.release()
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

async function readOrMakeStoreId(parts: DataDirectoryParts): Promise<string> {
  const { fileSystem, path, clock, random } = parts
  const file = `${path}/${FORMAT_FILE}`
  const bytes = await readFile(fileSystem, file)
  if (bytes !== null) return readStoreId(file, bytes)

  const names = await fileSystem.list(path)
  const data = names.filter((name) => DATA_NAMES.includes(name))
  if (data.length > 0) {
    const found = data.join(', ')
    throw damaged(`${path} holds data (${found}) but no ${FORMAT_FILE}: restore that file`)
  }
  const storeId = uuidOf(random.bytes(16))
  const createdAt = new Date(clock.now()).toISOString()
  const text = JSON.stringify({ format: FORMAT_VERSION, storeId, createdAt })
  await writeFileAtomically(fileSystem, file, Buffer.from(`${text}\n`))
  return storeId
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

/** RFC 9562 §5.4, version 4. */
function uuidOf(random: Buffer): string {
  const bytes = Buffer.from(random)
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
