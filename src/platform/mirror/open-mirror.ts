/**
 * Opens several directories as one: finds out which of them hold everything, goes on with those,
 * and fills the others while the mirror is in use.
 */
import { errnoOf, type FileLock } from '../file-system.ts'
import type { Random } from '../random.ts'
import { findCopy, type HoldsStore, type MirrorPlace } from './find-copy.ts'
import { MirrorCopies, MirrorCopy, type MirrorListener } from './mirror-copies.ts'
import { type FoundCopy, isAncestor, type MirrorPlan, planMirror } from './mirror-plan.ts'
import { MIRROR_FILE, type MirrorRecord } from './mirror-record.ts'
import { MirrorRefill } from './mirror-refill.ts'
import { type CopyView, MirroredFileSystem } from './mirrored-file-system.ts'

export interface OpenMirrorParts {
  /** At least two; those above know the mirror under the path of the first. */
  readonly places: readonly MirrorPlace[]
  /** Directories that the operator says are gone for good. */
  readonly lost: readonly string[]
  readonly random: Random
  readonly holdsStore: HoldsStore
  /** For a store that is made now. */
  readonly newStoreId: () => string
  readonly listener: MirrorListener
  readonly lockName: string
  /** From one attempt to fill a copy that is out to the next. */
  readonly retryIntervalMs?: number
}

const RETRY_INTERVAL_MS = 10_000
const RETRY_INTERVAL_MAX_MS = 600_000

/** Another process has one of the directories. */
export class MirrorInUseError extends Error {
  override readonly name = 'MirrorInUseError'
  readonly directory: string

  constructor(directory: string) {
    super(`${directory} is in use by another Varve process`)
    this.directory = directory
  }
}

interface FoundPlace extends MirrorPlace {
  readonly copy: FoundCopy
  readonly lock: FileLock | null
  readonly storeId: string | null
}

/** Directories opened as one, and what keeps them alike. */
export class OpenMirror implements AsyncDisposable {
  readonly fileSystem: MirroredFileSystem
  /** Of the store in the mirror, or the one to be made in it. */
  readonly storeId: string
  readonly #parts: OpenMirrorParts
  readonly #copies: MirrorCopies
  readonly #locks: Map<string, FileLock>
  readonly #stopping = new AbortController()
  #running: Promise<void> | null = null
  #wake: (() => void) | null = null

  private constructor(
    parts: OpenMirrorParts,
    opened: { readonly copies: MirrorCopies; readonly locks: Map<string, FileLock> },
  ) {
    const [first] = parts.places
    if (first === undefined) throw new RangeError('a mirror has directories')
    const { copies, locks } = opened
    this.#parts = parts
    this.#copies = copies
    this.#locks = locks
    this.storeId = copies.record.storeId
    this.fileSystem = new MirroredFileSystem({
      root: first.directory,
      outside: first.fs,
      copies,
    })
  }

  /**
   * Locks every directory that is there. Changes nothing but the records, and those only once it is
   * known which copies count.
   *
   * @throws MirrorError, MirrorInUseError
   */
  static async open(parts: OpenMirrorParts): Promise<OpenMirror> {
    const found: FoundPlace[] = []
    try {
      for (const place of parts.places) found.push(await look(parts, place))
      const plan = planMirror(found, parts.lost)
      const copies = await copiesOf(parts, found, plan)
      const locks = new Map<string, FileLock>()
      for (const { directory, lock } of found) if (lock !== null) locks.set(directory, lock)
      return new OpenMirror(parts, { copies, locks })
    } catch (error) {
      for (const { lock } of found) await lock?.release()
      throw error
    }
  }

  /** The real path of a complete copy of the mirror, for what is not mirrored. */
  get home(): string {
    return this.#copies.complete[0]?.directory ?? this.#parts.places[0]?.directory ?? ''
  }

  /** What is not as it should be, one line for each copy. */
  get problems(): readonly string[] {
    return this.#copies.all.flatMap(({ directory, state, reason }) => {
      if (state === 'complete') return []
      if (state === 'filling') return [`mirror ${directory} is being filled`]
      return [`mirror ${directory} is not in use: ${reason ?? 'it is being looked at'}`]
    })
  }

  /**
   * At start, makes the small files at the top of the directories alike: of one that was being
   * replaced when the power went, any whole state is as good as another.
   */
  async settleFiles(): Promise<void> {
    const { fileSystem } = this
    const root = this.#parts.places[0]?.directory ?? ''
    const names = new Set<string>()
    for (const view of fileSystem.views) {
      for (const name of await view.list(root)) if (isSmallFile(name)) names.add(name)
    }
    for (const name of names) await this.#settleFile(`${root}/${name}`)
  }

  async #settleFile(path: string): Promise<void> {
    const { views } = this.fileSystem
    const texts = await Promise.all(views.map((view) => readWhole(view, path)))
    const whole = texts.find((text) => text !== null && isJson(text)) ?? null
    if (whole === null) return
    for (const [index, view] of views.entries()) {
      if (texts[index]?.equals(whole) === true) continue
      const range = { offset: 0, bytes: whole, size: whole.length }
      await this.fileSystem.repair(view, path, range).catch(() => {})
    }
  }

  /** Fills copies that are out, as they become usable, until it is disposed of. */
  start(): void {
    this.#running ??= this.#run(this.#stopping.signal)
  }

  /** To be called once nothing is written any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    this.#wake?.()
    await this.#running
    for (const lock of this.#locks.values()) await lock.release()
  }

  async #run(signal: AbortSignal): Promise<void> {
    const first = this.#parts.retryIntervalMs ?? RETRY_INTERVAL_MS
    let delayMs = 0
    while (!signal.aborted) {
      let hasFailed = false
      for (const copy of this.#copies.all) {
        if (copy.state !== 'out' || signal.aborted) continue
        if (!(await this.#fill(copy, signal))) hasFailed = true
      }
      const isBackingOff = hasFailed && delayMs > 0
      delayMs = isBackingOff ? Math.min(delayMs * 2, Math.max(first, RETRY_INTERVAL_MAX_MS)) : first
      await this.#sleep(delayMs, signal)
    }
  }

  async #fill(copy: MirrorCopy, signal: AbortSignal): Promise<boolean> {
    try {
      if (!(await this.#mayFill(copy))) return true
      const { fileSystem: mirror } = this
      const root = this.#parts.places[0]?.directory ?? ''
      await new MirrorRefill({ mirror, copies: this.#copies, root, copy, signal }).run()
      return true
    } catch {
      // Told by the refill itself.
      return false
    }
  }

  /** Whether the directory is there, and holds nothing that the complete copies do not know. */
  async #mayFill(copy: MirrorCopy): Promise<boolean> {
    const { directory, fs } = copy
    const found = await look(this.#parts, { directory, fs }, this.#locks.get(directory) ?? null)
    if (found.lock !== null) this.#locks.set(directory, found.lock)
    const reason = refusalOf(found.copy, this.#copies.record)
    if (reason !== null) copy.reason = reason
    return reason === null
  }

  #sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, delayMs).unref()
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

function isSmallFile(name: string): boolean {
  return name.endsWith('.json') && name !== MIRROR_FILE
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString())
    return true
  } catch {
    return false
  }
}

async function readWhole(view: CopyView, path: string): Promise<Buffer | null> {
  try {
    await using file = await view.open(path)
    const bytes = Buffer.alloc(await file.size())
    return bytes.subarray(0, await file.read(bytes, 0))
  } catch (error) {
    if (errnoOf(error) === null) throw error
    return null
  }
}

/** Why a directory is not to be filled; null when it may be. */
function refusalOf(copy: FoundCopy, record: Omit<MirrorRecord, 'copy' | 'state'>): string | null {
  switch (copy.found) {
    case 'absent':
      return copy.reason
    case 'empty':
      return null
    case 'copy': {
      const newest = { ...record, copy: '', state: 'complete' } as const
      if (isAncestor(copy.record, newest)) return null
      return 'it holds writes that the others do not know: empty it to have it filled'
    }
    case 'single':
    case 'damaged':
      return 'it holds a store without a mirror record that verifies: empty it to have it filled'
  }
}

async function look(
  parts: OpenMirrorParts,
  place: MirrorPlace,
  held: FileLock | null = null,
): Promise<FoundPlace> {
  const { fs, directory } = place
  let lock = held
  try {
    if (lock === null && (await fs.stat(directory))?.kind === 'directory') {
      lock = await fs.lock(`${directory}/${parts.lockName}`)
      if (lock === null) throw new MirrorInUseError(directory)
    }
  } catch (error) {
    if (error instanceof MirrorInUseError) throw error
    const reason = errnoOf(error)
    if (reason === null) throw error
    return { ...place, copy: { found: 'absent', reason }, lock, storeId: null }
  }
  return { ...place, ...(await findCopy(place, parts.holdsStore)), lock }
}

async function copiesOf(
  parts: OpenMirrorParts,
  found: readonly FoundPlace[],
  { base, members }: MirrorPlan,
): Promise<MirrorCopies> {
  const uuid = () => uuidOf(parts.random.bytes(16))
  const copies = found.map(({ directory, fs, copy }, index) => {
    const id = copy.found === 'copy' ? copy.record.copy : uuid()
    return new MirrorCopy({
      id,
      directory,
      fs,
      state: members.includes(index) ? 'complete' : 'out',
    })
  })
  const single = found.find(({ copy }) => copy.found === 'single')
  const storeId = base?.storeId ?? single?.storeId ?? parts.newStoreId()
  const record = base ?? { storeId, generation: 0, epochs: [], members: [] }
  const set = new MirrorCopies({ copies, record, newEpoch: uuid, listener: parts.listener })
  // Before the first acknowledgement without them: what is stale now must not be trusted later.
  await set.settle()
  return set
}

/** RFC 9562 §5.4, version 4. */
export function uuidOf(random: Buffer): string {
  const bytes = Buffer.from(random)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
