import type { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { StoreError } from '../../src/store/errors.ts'
import { History } from './history.ts'
import { Machine } from './machine.ts'
import { type ObjectValue, ReferenceModel } from './reference-model.ts'
import { RoundRunner } from './round-runner.ts'
import { isSameObject } from './same-object.ts'
import type { Control } from './step.ts'
import { readState, type StoreState } from './store-state.ts'

/**
 * How a damaged disk was met. `harmless`: all is there. `reported`: something is missing or older
 * than it was, and a finding says so. `unreadable`: reading an object fails as corruption.
 * `refused`: the store does not open, and says why.
 */
export type DamageOutcome = 'harmless' | 'reported' | 'unreadable' | 'refused'

const controls: Readonly<Record<number, Control>> = {
  15: 'flush',
  25: 'restart',
  30: 'snapshot',
  45: 'kill',
  50: 'flush',
}
const ROUND_COUNT = 60

/** A store full of history, to be damaged again and again. */
export class DamageRun {
  readonly #machine: Machine
  readonly #expected: StoreState
  /** Every value each object ever had. */
  readonly #past: ReadonlyMap<string, readonly ObjectValue[]>

  private constructor(
    machine: Machine,
    expected: StoreState,
    past: ReadonlyMap<string, readonly ObjectValue[]>,
  ) {
    this.#machine = machine
    this.#expected = expected
    this.#past = past
  }

  static async prepare(ending: 'closed' | 'killed'): Promise<DamageRun> {
    let machine = new Machine({ seed: 77 })
    let stack = await machine.open()
    const model = new ReferenceModel()
    const history = new History({ seed: 77, concurrencyMax: 3, controls: [] })
    const past = new Map<string, ObjectValue[]>()
    let state: StoreState = new Map()
    for (let index = 0; index < ROUND_COUNT; index++) {
      const control = controls[index]
      if (control === 'flush') await stack.flush()
      else if (control === 'snapshot') await stack.snapshot()
      else if (control === 'restart' || control === 'kill') {
        if (control === 'kill') machine = machine.crash({ model: 'kill' })
        await stack.close()
        stack = await machine.open()
      }
      const round = history.next(model)
      if ('steps' in round) await new RoundRunner(stack.store, model).run(round.steps, () => {})
      state = await readState(stack.store)
      model.observe(state)
      remember(past, model)
    }
    const killed = machine.crash({ model: 'keep-all' })
    await stack.close()
    return new DamageRun(ending === 'killed' ? killed : machine, state, past)
  }

  get directory(): string {
    return this.#machine.directory
  }

  async files(): Promise<readonly string[]> {
    const { fs, directory } = this.#machine
    const files: string[] = []
    for (const folder of await fs.list(directory)) {
      for (const name of await fs.list(`${directory}/${folder}`)) {
        files.push(`${directory}/${folder}/${name}`)
      }
    }
    return files
  }

  async read(path: string): Promise<Buffer> {
    await using file = await this.#machine.fs.open(path, 'read')
    const bytes = Buffer.alloc(await file.size())
    await file.read(bytes, 0)
    return bytes
  }

  /**
   * Opens a copy of the disk, damaged, once with its index and once without.
   *
   * @throws Error when a wrong byte is served, or something is missing and nothing says so
   */
  async damage(
    what: string,
    change: (fs: MemoryFileSystem) => Promise<void>,
  ): Promise<DamageOutcome> {
    const outcomes: DamageOutcome[] = []
    for (const index of ['kept', 'lost'] as const) {
      const image = this.#machine.crash({ model: 'keep-all', index })
      await change(image.fs)
      try {
        outcomes.push(await this.#meet(image))
      } catch (cause) {
        throw new Error(`${what} (index ${index})`, { cause })
      }
    }
    const order: readonly DamageOutcome[] = ['refused', 'unreadable', 'reported', 'harmless']
    return order.find((outcome) => outcomes.includes(outcome)) ?? 'harmless'
  }

  async #meet(image: Machine): Promise<DamageOutcome> {
    let stack: Awaited<ReturnType<Machine['open']>>
    try {
      stack = await image.open()
    } catch (error) {
      if (!isCleanRefusal(error)) throw error
      return 'refused'
    }
    try {
      const unreadable = new Set<string>()
      const state = await readState(stack.store, (error, bucket, key) => {
        if (!isCorruption(error)) throw error
        unreadable.add(`${bucket}/${key}`)
      })
      const problems = this.#compare(state, unreadable)
      if (problems.length === 0) return unreadable.size > 0 ? 'unreadable' : 'harmless'
      if (stack.findings().length === 0) throw new Error(`not reported: ${problems.join('\n')}`)
      return 'reported'
    } catch (error) {
      if (isCorruption(error)) return 'unreadable'
      throw error
    } finally {
      await stack.close()
    }
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
        const [object, before] = [found?.objects.get(key), expected?.objects.get(key)]
        if (unreadable.has(path)) continue
        if (object === undefined) problems.push(`${path} is missing`)
        else if (before === undefined || !object.content.equals(before.content)) {
          const known = this.#past.get(path) ?? []
          if (!known.some((value) => isSameObject(object, value))) throw new Error(`wrong: ${path}`)
          problems.push(`${path} is what it was before`)
        }
      }
      const ids = (uploads: ReadonlyMap<string, unknown> | undefined) => [
        ...(uploads?.keys() ?? []),
      ]
      if (ids(found?.uploads).join() !== ids(expected?.uploads).join()) {
        problems.push(`uploads of ${name}`)
      }
    }
    return problems
  }
}

function remember(past: Map<string, ObjectValue[]>, model: ReferenceModel): void {
  for (const [bucket, cells] of model.objects) {
    for (const [key, cell] of cells) {
      const known = past.get(`${bucket}/${key}`) ?? []
      past.set(`${bucket}/${key}`, known)
      const value = cell.certain
      if (value && !known.includes(value)) known.push(value)
    }
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
