import { crc32c } from '@node-rs/crc32'
import type { FileSystem } from '../../platform/file-system.ts'
import type { Entry, KeyRange } from '../catalog.ts'
import { CatalogError } from '../errors.ts'
import { asBuffer } from '../key-text.ts'
import { type LmdbEnvironment, openEnvironment } from './lmdb-environment.ts'
import { checkLmdbFile } from './lmdb-file-check.ts'
import type { KvPosition, KvView, KvWrite, OrderedKv } from './ordered-kv.ts'
import { decodePosition, encodePosition } from './position-row.ts'
import { StartCount } from './start-count.ts'

export interface LmdbKvOptions {
  readonly fileSystem: FileSystem
  /** The folder of the index; made if missing. A real one: LMDB does its own file access. */
  readonly path: string
  /** An index that another store left here is discarded. */
  readonly storeId: string
}

const CRC_SIZE = 4
/** LMDB's own limit with pages of 4 KiB. No key is as long. */
const KEY_SIZE_LIMIT = 1978
/** A new index is not begun with less room than this. */
const FREE_SIZE_MIN = 1024 * 1024
const POSITION_KEY = Buffer.from('position')
const STORE_KEY = Buffer.from('store')
/** Starts in a row that died within their first minute: the index may be what kills them. */
const BAD_START_COUNT_MAX = 5
const START_DURATION_MS = 60_000
const FILE_NAME = /^(\d{1,9})\.mdb$/

/**
 * An index in an LMDB file. LMDB has no checksums, so every value ends with the CRC-32C of its key
 * and itself: a damaged one is an error, never an answer.
 *
 * The folder holds one file, `<number>.mdb`, and for the time of a rebuild its successor. The file
 * with the highest number that has a position counts. What cannot be opened is deleted: an index is
 * a cache of the journal.
 */
export class LmdbKv implements OrderedKv {
  readonly #options: LmdbKvOptions
  readonly #number: number
  #environment: LmdbEnvironment
  #position: KvPosition | null
  #state: 'open' | 'broken' | 'closed' = 'open'
  #successor: LmdbKv | null = null
  #starts: StartCount | null = null
  #startTimer: NodeJS.Timeout | undefined
  /** Why an earlier index was thrown away when this one was opened; null when none was. */
  readonly discarded: Error | null

  private constructor(options: LmdbKvOptions, number: number, opened: Opened) {
    this.#options = options
    this.#number = number
    this.#environment = opened.environment
    this.#position = opened.position
    this.discarded = opened.discarded
  }

  static async open(options: LmdbKvOptions): Promise<LmdbKv> {
    const { fileSystem, path } = options
    await fileSystem.makeDirectory(path)
    const starts = new StartCount(fileSystem, `${path}/starts`)
    // A disk that has no room for it is no reason not to start.
    const isFatal = (await starts.begin().catch(() => 0)) >= BAD_START_COUNT_MAX
    const numbers = numbersOf(await fileSystem.list(path))
    let chosen: LmdbKv | null = null
    let discarded = isFatal ? new Error('every start with it has died lately') : null
    for (const number of numbers) {
      if (chosen !== null || isFatal) {
        await removeFile(options, number)
        continue
      }
      const result = await tryOpen(options, number)
      if (result !== null && !(result instanceof Error)) {
        chosen = new LmdbKv(options, number, { ...result, discarded })
        continue
      }
      discarded ??= result
      await removeFile(options, number)
    }
    chosen ??= await LmdbKv.#create(options, (numbers[0] ?? 0) + 1, discarded)
    chosen.#endStartLater(starts)
    return chosen
  }

  static async #create(
    options: LmdbKvOptions,
    number: number,
    discarded: Error | null,
  ): Promise<LmdbKv> {
    const { freeSize } = await options.fileSystem.space(options.path)
    if (freeSize < FREE_SIZE_MIN) throw new CatalogError('disk-full', 'no room for an index')
    const environment = await openEnvironment(fileOf(options, number))
    await environment.meta.put(STORE_KEY, Buffer.from(options.storeId))
    return new LmdbKv(options, number, { environment, position: null, discarded })
  }

  get position(): KvPosition | null {
    return this.#position
  }

  get(key: Uint8Array): Buffer | null {
    const { rows } = this.#readable()
    if (key.length >= KEY_SIZE_LIMIT) return null
    const stored = reading(() => rows.get(asBuffer(key)))
    return stored === undefined ? null : verified(key, stored)
  }

  range(range: KeyRange): Iterable<Entry> {
    return this.#walk(this.#readable(), range)
  }

  async apply(writes: readonly KvWrite[], position: KvPosition | null): Promise<void> {
    const { root, rows, meta } = this.#readable()
    // lmdb-js would keep the writes before the one it refuses.
    for (const { key } of writes) {
      if (key.length < 1 || key.length >= KEY_SIZE_LIMIT) throw new RangeError('size of a key')
    }
    const sealed = sealValues(writes)
    try {
      await root.batch(() => {
        for (let index = 0; index < writes.length; index++) {
          const key = asBuffer(writes[index]!.key)
          const value = sealed[index]!
          if (value === null) void rows.remove(key)
          else void rows.put(key, value)
        }
        if (position !== null) void meta.put(POSITION_KEY, encodePosition(position))
      })
    } catch (error) {
      // Asked for at once: a promise that rejects before anybody listens ends the process.
      const cause = causeOf(error)
      await this.#reopen()
      throw applyError(await cause)
    }
    root.resetReadTxn()
    if (position !== null) this.#position = position
  }

  view(): KvView {
    const environment = this.#readable()
    const transaction = environment.root.useReadTransaction()
    // From the view itself: LMDB shows a transaction before its `apply` resolves.
    const position = reading(() => positionIn(environment, transaction))
    const entryCount = reading(() => countIn(environment))
    let isHeld = true
    return {
      position,
      entryCount,
      get: (key) => {
        if (!isHeld || !this.#isCurrent(environment)) throw goneError()
        const stored = reading(() => environment.rows.get(asBuffer(key), { transaction }))
        return stored === undefined ? null : verified(key, stored)
      },
      range: (range) => {
        if (!isHeld || !this.#isCurrent(environment)) throw goneError()
        return this.#walk(environment, range, transaction)
      },
      release: () => {
        if (isHeld && this.#isCurrent(environment)) transaction.done()
        isHeld = false
      },
    }
  }

  async successor(): Promise<OrderedKv> {
    const number = this.#number + 1
    // What an earlier rebuild that failed has left.
    await removeFile(this.#options, number)
    this.#successor = await LmdbKv.#create(this.#options, number, null)
    return this.#successor
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === 'closed') return
    const wasOpen = this.#state === 'open'
    this.#state = 'closed'
    if (wasOpen) await this.#environment.root.close()
    clearTimeout(this.#startTimer)
    await this.#starts?.end().catch(() => {})
    if (this.#successor !== null && this.#successor.position !== null) {
      await removeFile(this.#options, this.#number)
    }
  }

  #endStartLater(starts: StartCount): void {
    this.#starts = starts
    const end = () => void starts.end().catch(() => {})
    this.#startTimer = setTimeout(end, START_DURATION_MS).unref()
  }

  /** A cursor of an environment that was closed meanwhile is freed memory: it is never touched. */
  *#walk(
    environment: LmdbEnvironment,
    range: KeyRange,
    transaction?: ReadTransaction,
  ): Generator<Entry> {
    const start = range.start.length === 0 ? Buffer.alloc(1) : boundOf(range.start)
    const end = boundOf(range.end)
    if (Buffer.compare(start, end) >= 0) return
    const bounds =
      range.reverse === true
        ? { start: end, exclusiveStart: true, end: start, inclusiveEnd: true, reverse: true }
        : { start, end }
    const options = transaction === undefined ? bounds : { ...bounds, transaction }
    const iterator = reading(() => environment.rows.getRange(options)[Symbol.iterator]())
    try {
      for (;;) {
        if (!this.#isCurrent(environment)) throw goneError()
        const step = reading(() => iterator.next())
        if (step.done === true) return
        const { key, value } = step.value
        yield { key: asBuffer(key), value: verified(key, value) }
      }
    } finally {
      if (this.#isCurrent(environment)) iterator.return?.()
    }
  }

  #isCurrent(environment: LmdbEnvironment): boolean {
    return this.#state === 'open' && environment === this.#environment
  }

  /** LMDB refuses everything after some failures, lmdb-js even hangs: only a new handle will do. */
  async #reopen(): Promise<void> {
    if (this.#state !== 'open') return
    this.#state = 'broken'
    try {
      await this.#environment.root.close()
      await assertLmdbFile(this.#options, this.#number)
      this.#environment = await openEnvironment(fileOf(this.#options, this.#number))
      // A transaction whose last sync failed may be there all the same.
      this.#position = positionIn(this.#environment) ?? this.#position
      this.#state = 'open'
    } catch {
      // Stays broken: every call says so, and the catalog builds a successor.
    }
  }

  #readable(): LmdbEnvironment {
    if (this.#state === 'closed') throw new CatalogError('closed', 'the index is closed')
    if (this.#state === 'broken') {
      throw new CatalogError('corruption', 'the index could not be opened again')
    }
    return this.#environment
  }
}

/**
 * Of any size: what a client asks a listing to begin with may be longer than every key. Cut, it
 * lies between the same keys, and LMDB can look for it: what it cannot read is taken for damage.
 */
function boundOf(bytes: Uint8Array): Buffer {
  return asBuffer(bytes.length > KEY_SIZE_LIMIT ? bytes.subarray(0, KEY_SIZE_LIMIT) : bytes)
}

type ReadTransaction = ReturnType<LmdbEnvironment['root']['useReadTransaction']>

function goneError(): CatalogError {
  return new CatalogError('closed', 'the index was closed under a walk or view of it')
}

interface Opened {
  readonly environment: LmdbEnvironment
  readonly position: KvPosition | null
  readonly discarded: Error | null
}

/** Null for an index without a position: never used, or a rebuild that was not finished. */
async function tryOpen(options: LmdbKvOptions, number: number): Promise<Error | Opened | null> {
  let environment: LmdbEnvironment | null = null
  try {
    await assertLmdbFile(options, number)
    environment = await openEnvironment(fileOf(options, number))
    const store = environment.meta.get(STORE_KEY)
    const hasPosition = environment.meta.doesExist(POSITION_KEY)
    const position = positionIn(environment)
    if (position !== null && store?.toString() === options.storeId) {
      return { environment, position, discarded: null }
    }
    await environment.root.close()
    return hasPosition ? new Error('of another store, or its position is damaged') : null
  } catch (error) {
    await environment?.root.close()
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** Null when there is none, or it is damaged. */
function positionIn({ meta }: LmdbEnvironment, transaction?: ReadTransaction): KvPosition | null {
  const row = meta.get(POSITION_KEY, transaction === undefined ? {} : { transaction })
  return row === undefined ? null : decodePosition(row)
}

/** LMDB keeps it beside the root of the tree; in the transaction that was used last. */
function countIn({ rows }: LmdbEnvironment): number {
  const stats: { readonly entryCount?: number } = rows.getStats()
  return stats.entryCount ?? 0
}

async function assertLmdbFile(options: LmdbKvOptions, number: number): Promise<void> {
  const handle = await options.fileSystem.open(fileOf(options, number), 'read')
  try {
    const wrong = await checkLmdbFile(await handle.size(), async (position, size) => {
      const target = Buffer.alloc(size)
      return target.subarray(0, await handle.read(target, position))
    })
    if (wrong !== null) throw new Error(`the index file does not verify: ${wrong}`)
  } finally {
    await handle.close()
  }
}

function reading<Result>(read: () => Result): Result {
  try {
    return read()
  } catch (cause) {
    throw new CatalogError('corruption', 'the index cannot be read', { cause })
  }
}

function verified(key: Uint8Array, stored: Buffer): Buffer {
  const size = stored.length - CRC_SIZE
  if (size >= 0) {
    const value = stored.subarray(0, size)
    if (crc32c(value, crc32c(key)) === stored.readUInt32LE(size)) return value
  }
  throw new CatalogError('corruption', 'a value of the index does not verify')
}

/** Values with their CRCs, packed into one allocation: lmdb-js asks the address of each buffer. */
function sealValues(writes: readonly KvWrite[]): (Buffer | null)[] {
  let size = 0
  for (const { key, value } of writes) {
    if (value !== null) size += key.length + value.length + CRC_SIZE
  }
  const pack = Buffer.allocUnsafeSlow(size)
  let at = 0
  return writes.map(({ key, value }) => {
    if (value === null) return null
    pack.set(key, at)
    const start = at + key.length
    const end = start + value.length
    pack.set(value, start)
    pack.writeUInt32LE(crc32c(pack.subarray(at, end)), end)
    at = end + CRC_SIZE
    return pack.subarray(start, at)
  })
}

/** lmdb-js rejects with a general error; why is in a promise beside it that rejects a turn later. */
async function causeOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error
  try {
    await error.commitError
    return error
  } catch (cause) {
    return cause
  }
}

const ENOSPC = 28
const EDQUOT = 122

function applyError(cause: unknown): CatalogError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : null
  if (code === ENOSPC || code === EDQUOT) {
    return new CatalogError('disk-full', 'no room for the index', { cause })
  }
  // LMDB's own codes lie below -30700; the rest are errno values of a failed write or sync.
  const isOwn = typeof code === 'number' && code < -30000
  return new CatalogError(isOwn ? 'corruption' : 'unavailable', 'the index was not written', {
    cause,
  })
}

function numbersOf(names: readonly string[]): readonly number[] {
  return names
    .map((name) => Number(FILE_NAME.exec(name)?.[1] ?? 0))
    .filter((number) => number > 0)
    .sort((left, right) => right - left)
}

function fileOf(options: LmdbKvOptions, number: number): string {
  return `${options.path}/${number}.mdb`
}

async function removeFile({ fileSystem, path }: LmdbKvOptions, number: number): Promise<void> {
  for (const name of await fileSystem.list(path)) {
    if (name === `${number}.mdb` || name === `${number}.mdb-lock`) {
      await fileSystem.remove(`${path}/${name}`)
    }
  }
}
