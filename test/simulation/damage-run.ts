import type { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { StoreError } from '../../src/store/errors.ts'
import { fillStore } from './fill-store.ts'
import type { Machine } from './machine.ts'
import type { ObjectValue } from './object-value.ts'
import type { ReferenceModel } from './reference-model.ts'
import { isSameObject } from './same-object.ts'
import type { Stack } from './stack.ts'
import {
  type BucketState,
  difference,
  type FoundObject,
  readState,
  type StoreState,
} from './store-state.ts'
import { VERSIONED } from './version-records.ts'

/**
 * How a damaged disk was met. `harmless`: all is there. `reported`: something is missing or older
 * than it was, and a finding says so. `unreadable`: reading an object fails as corruption.
 * `refused`: the store does not open, and says why. `earlier`: the store is as it was at some
 * moment before, as a whole, and nothing says so.
 */
export type DamageOutcome = 'harmless' | 'reported' | 'unreadable' | 'refused' | 'earlier'

export interface Damage {
  readonly what: string
  /** The file that is not what it was. */
  readonly path: string
  readonly change: (fs: MemoryFileSystem) => Promise<void>
  /** Things that may be missing or out of date; unless set, any number. */
  readonly lossMax?: number
}

/** Rounds from one backup to the next. */
const BACKUP_EVERY = 7

/** A store full of history, to be damaged again and again. */
export class DamageRun {
  readonly #machine: Machine
  readonly #expected: StoreState
  /** Every value each object ever had. */
  readonly #past: Past
  /** The store after every step that changed it. */
  readonly #states: readonly StoreState[]
  readonly #backups: Backups

  private constructor(machine: Machine, { states, past, backups }: Prepared) {
    this.#machine = machine
    this.#expected = states.at(-1) ?? new Map()
    this.#states = states
    this.#past = past
    this.#backups = backups
  }

  static async prepare(ending: 'closed' | 'killed'): Promise<DamageRun> {
    const past = new Map<string, ObjectValue[]>()
    const states: StoreState[] = []
    const backups = new Map<string, Backup[]>()
    const { machine, stack } = await fillStore({
      onRound: async ({ index, machine: then, state, model }) => {
        if (difference(states.at(-1) ?? new Map(), state) !== null) states.push(state)
        remember(past, model)
        if (index % BACKUP_EVERY === 0) await backUp(then, backups, index)
      },
    })
    const killed = machine.crash({ model: 'keep-all' })
    await stack.close()
    return new DamageRun(ending === 'killed' ? killed : machine, { states, past, backups })
  }

  get directory(): string {
    return this.#machine.directory
  }

  files(): Promise<readonly string[]> {
    return filesOf(this.#machine)
  }

  read(path: string): Promise<Buffer> {
    return readWhole(this.#machine, path)
  }

  /** What a file was at several moments before. */
  earlier(path: string): readonly Backup[] {
    return this.#backups.get(path) ?? []
  }

  earlierPaths(): readonly string[] {
    return [...this.#backups.keys()]
  }

  /**
   * Opens a copy of the disk, damaged, once with its index and once without.
   *
   * @throws Error when a wrong byte is served, or something is missing and nothing says so
   */
  async meet(damage: Damage): Promise<DamageOutcome> {
    const outcomes: DamageOutcome[] = []
    for (const index of ['kept', 'lost'] as const) {
      const image = this.#machine.crash({ model: 'keep-all', index })
      await damage.change(image.fs)
      try {
        const outcome = await this.#open(image, damage)
        if (outcome === 'earlier') await this.#requireLastGroups(damage)
        outcomes.push(outcome)
      } catch (cause) {
        throw new Error(`${damage.what} (index ${index})`, { cause })
      }
    }
    const order: readonly DamageOutcome[] = ['earlier', 'refused', 'unreadable', 'reported']
    return order.find((outcome) => outcomes.includes(outcome)) ?? 'harmless'
  }

  /**
   * The end of the journal has nothing after it that would vouch for it: its damage looks like a
   * torn write that was never acknowledged. This is so for the last file only.
   */
  async #requireLastGroups({ path }: Damage): Promise<void> {
    const journal = (await this.files()).filter((file) => file.includes('/journal/'))
    if (path !== journal.at(-1)) throw new Error('an earlier state, and nothing says so')
  }

  async #open(image: Machine, damage: Damage): Promise<DamageOutcome> {
    let stack: Stack
    try {
      stack = await image.open()
    } catch (error) {
      if (!isCleanRefusal(error)) throw error
      return 'refused'
    }
    try {
      return await this.#read(stack, damage)
    } catch (error) {
      if (isCorruption(error)) return 'unreadable'
      throw error
    } finally {
      await stack.close()
    }
  }

  async #read(stack: Stack, { lossMax }: Damage): Promise<DamageOutcome> {
    const unreadable = new Set<string>()
    const state = await readState(stack.store, (error, bucket, key) => {
      if (!isCorruption(error)) throw error
      unreadable.add(`${bucket}/${key}`)
    })
    const problems = this.#compare(state, unreadable)
    if (problems.length === 0) return unreadable.size > 0 ? 'unreadable' : 'harmless'
    if (lossMax !== undefined && problems.length + unreadable.size > lossMax) {
      throw new Error(`more is lost than was damaged: ${problems.join('\n')}`)
    }
    if (stack.findings().length > 0) return 'reported'
    // One damaged record takes no other group along: only the last may look torn.
    const believable = lossMax === undefined ? this.#states : this.#states.slice(-2)
    if (believable.some((earlier) => difference(earlier, state) === null)) return 'earlier'
    throw new Error(`not reported: ${problems.join('\n')}`)
  }

  /**
   * What differs from the undamaged store and must have been reported.
   *
   * @throws Error for an object that never was
   */
  #compare(state: StoreState, unreadable: ReadonlySet<string>): string[] {
    const problems: string[] = []
    for (const name of new Set([...state.keys(), ...this.#expected.keys()])) {
      const [found, expected] = [state.get(name), this.#expected.get(name)]
      if (found === undefined || expected === undefined) problems.push(`bucket ${name}`)
      const keys = new Set([...(found?.objects.keys() ?? []), ...(expected?.objects.keys() ?? [])])
      for (const key of keys) {
        const path = `${name}/${key}`
        if (unreadable.has(path)) continue
        const object = found?.objects.get(key) ?? null
        const problem = this.#compareObject(path, object, expected?.objects.get(key) ?? null)
        if (problem !== null) problems.push(problem)
      }
      problems.push(...this.#compareVersions(name, found, expected, unreadable))
      const ids = (uploads: ReadonlyMap<string, unknown> | undefined) => [
        ...(uploads?.keys() ?? []),
      ]
      if (ids(found?.uploads).join() !== ids(expected?.uploads).join()) {
        problems.push(`uploads of ${name}`)
      }
    }
    return problems
  }

  #compareObject(
    path: string,
    object: FoundObject | null,
    before: FoundObject | null,
  ): string | null {
    if (object === null) return before === null ? null : `${path} is missing`
    if (before !== null && object.content.equals(before.content)) return null
    const known = this.#past.get(path) ?? []
    if (!known.some((value) => isSameObject(object, value))) throw new Error(`wrong: ${path}`)
    return `${path} is what it was before`
  }

  /** A key whose current object has a problem is not told twice. */
  #compareVersions(
    name: string,
    found: BucketState | undefined,
    expected: BucketState | undefined,
    unreadable: ReadonlySet<string>,
  ): string[] {
    const problems: string[] = []
    for (const [key, versions] of found?.versions ?? []) {
      const path = `${name}/${key}`
      for (const { id, object } of versions) {
        const before = expected?.versions.get(key)?.find((version) => version.id === id)
        const problem = this.#compareObject(path, object, before?.object ?? null)
        if (problem !== null && before !== undefined) problems.push(`${problem}: version ${id}`)
      }
    }
    const keys = new Set([...(found?.versions.keys() ?? []), ...(expected?.versions.keys() ?? [])])
    for (const key of keys) {
      if (unreadable.has(`${name}/${key}`)) continue
      const [ids, before] = [found, expected].map((bucket) => versionIds(bucket, key))
      const isShown = found?.objects.get(key)?.head.versionId
      if (isShown !== expected?.objects.get(key)?.head.versionId || ids === before) continue
      problems.push(`versions of ${name}/${key}`)
    }
    return problems
  }
}

function versionIds(bucket: BucketState | undefined, key: string): string {
  return (bucket?.versions.get(key) ?? []).map(({ id }) => id).join()
}

type Past = ReadonlyMap<string, readonly ObjectValue[]>

/** A file as it was after a round. */
export interface Backup {
  readonly round: number
  readonly bytes: Buffer
}

type Backups = ReadonlyMap<string, readonly Backup[]>

interface Prepared {
  readonly states: readonly StoreState[]
  readonly past: Past
  readonly backups: Backups
}

async function filesOf({ fs, directory }: Machine): Promise<readonly string[]> {
  const files: string[] = []
  for (const folder of await fs.list(directory)) {
    for (const name of await fs.list(`${directory}/${folder}`)) {
      files.push(`${directory}/${folder}/${name}`)
    }
  }
  return files
}

async function readWhole({ fs }: Machine, path: string): Promise<Buffer> {
  await using file = await fs.open(path, 'read')
  const bytes = Buffer.alloc(await file.size())
  await file.read(bytes, 0)
  return bytes
}

/** Keeps what has changed since it was kept last. */
async function backUp(
  machine: Machine,
  backups: Map<string, Backup[]>,
  round: number,
): Promise<void> {
  for (const path of await filesOf(machine)) {
    const bytes = await readWhole(machine, path)
    const known = backups.get(path) ?? []
    backups.set(path, known)
    if (known.at(-1)?.bytes.equals(bytes) !== true) known.push({ round, bytes })
  }
}

function remember(past: Map<string, ObjectValue[]>, model: ReferenceModel): void {
  const add = (path: string, values: readonly ObjectValue[]) => {
    const known = past.get(path) ?? []
    past.set(path, known)
    known.push(...values.filter((value) => !known.includes(value)))
  }
  for (const [bucket, cells] of model.objects) {
    for (const [key, { certain }] of cells) add(`${bucket}/${key}`, certain ? [certain] : [])
  }
  for (const key of model.versions.stacks.keys()) {
    add(`${VERSIONED}/${key}`, model.versions.objects(key))
  }
}

function isCorruption(error: unknown): boolean {
  return error instanceof StoreError && error.kind === 'corruption'
}

function isCleanRefusal(error: unknown): boolean {
  if (!(error instanceof Error) || !('kind' in error)) return false
  const isNamed = ['CatalogError', 'SegmentError', 'StoreError', 'EngineError'].includes(error.name)
  return isNamed && (error.kind === 'corruption' || error.kind === 'unknown-version')
}
