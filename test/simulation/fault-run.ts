import type { CrashModel, DiskOperation, Fault, Interceptor } from '../../src/platform/memory-fs.ts'
import { StoreError } from '../../src/store/errors.ts'
import { checkInvariants } from '../store/invariants.ts'
import { check, expectationOf } from './expectation.ts'
import { Machine } from './machine.ts'
import { perform } from './perform.ts'
import { ReferenceModel } from './reference-model.ts'
import { RoundRunner } from './round-runner.ts'
import { type Scenario, setting } from './scenarios.ts'
import type { Stack } from './stack.ts'
import { type Control, needsTiers, type PutStep } from './step.ts'
import { readState, type StoreState } from './store-state.ts'
import { checkTiers } from './tier-check.ts'

export interface FaultOutcome {
  /** Whether the store told the client of the failure. */
  readonly hasFailed: boolean
  /** Disks opened afterwards. */
  readonly imageCount: number
}

const midway: PutStep = {
  kind: 'put',
  bucket: 'alpha',
  key: 'midway',
  body: { seed: 99, size: 150 },
  mark: 'midway',
}

/** Writes go on when the disk is well again, within this time. */
const RESUME_MS_MAX = 3000
const RESUME_STEP_MS = 5

const crashes: readonly CrashModel[] = ['lose-all', 'keep-all', 'torn', 'kill']

/** The disk operations of a scenario when nothing fails. */
export async function operationsOf(scenario: Scenario): Promise<readonly DiskOperation[]> {
  const run = await FaultRun.prepare(scenario)
  const operations: DiskOperation[] = []
  await run.provoke(scenario, (operation) => {
    operations.push(operation)
    return null
  })
  await run.stack?.close()
  return operations
}

/**
 * Runs a scenario while its disk fails as told, and requires: every step succeeds or fails with a
 * StoreError; what was acknowledged before is there, at once and after any crash; and when the
 * disk is well again, so is the store.
 */
export async function runWithFault(
  scenario: Scenario,
  failing: (index: number, operation: DiskOperation) => Fault | null,
): Promise<FaultOutcome> {
  const run = await FaultRun.prepare(scenario)
  let count = 0
  const hasFailed = await run.provoke(scenario, (operation) => failing(count++, operation))
  const imageCount = await run.checkAll()
  return { hasFailed, imageCount }
}

class FaultRun {
  #machine: Machine
  readonly #model = new ReferenceModel()
  stack: Stack | null

  private constructor(machine: Machine, stack: Stack) {
    this.#machine = machine
    this.stack = stack
  }

  static async prepare({ round }: Scenario): Promise<FaultRun> {
    const isRestart = 'control' in round && round.control === 'restart'
    const machine = new Machine({ seed: 1, isTiered: isRestart || needsTiers(round) })
    const run = new FaultRun(machine, await machine.open())
    for (const round of setting) await run.#runRound(round)
    await run.#observe()
    return run
  }

  /** Does what the scenario says under an interceptor; true when something failed. */
  async provoke(scenario: Scenario, interceptor: Interceptor): Promise<boolean> {
    if (scenario.kill !== undefined) await this.#killMidway(scenario.kill)
    const { fs } = this.#machine
    fs.intercept(interceptor)
    try {
      return await this.#runRound(scenario.round)
    } finally {
      fs.intercept(null)
    }
  }

  /**
   * A kill that leaves what nobody was told of. Syncs fail as often as told; then the process is
   * killed, at once or when the next put comes to its sync.
   */
  async #killMidway({ failedSyncs, isAtOnce }: Required<Scenario>['kill']): Promise<void> {
    const { stack } = this
    if (stack === null) throw new Error('not open')
    let killed: Machine | null = null
    let syncs = 0
    this.#machine.fs.intercept(({ operation }) => {
      if (operation !== 'sync' || killed !== null) return null
      if (syncs++ < failedSyncs) return { code: 'EIO' }
      killed = this.#machine.crash({ model: 'kill' })
      return null
    })
    const putCount = isAtOnce ? failedSyncs : failedSyncs + 1
    for (let index = 0; index < putCount; index++) {
      const step = { ...midway, key: `midway${index}` }
      const ticket = this.#model.begin(step, false)
      await perform(stack.store, step, this.#model).catch(() => {})
      this.#model.end(ticket, 'failed')
    }
    killed ??= this.#machine.crash({ model: 'kill' })
    await stack.close()
    this.stack = null
    this.#machine = killed
  }

  async checkAll(): Promise<number> {
    let imageCount = await this.#checkCrashes()
    const stack = this.stack ?? (await this.#reopen())
    // What a reader has seen stays.
    await this.#observe()
    imageCount += await this.#checkCrashes()
    await this.#resume(stack)
    await stack.compact()
    imageCount += await this.#checkCrashes()
    await stack.move()
    await this.#observe({ isInPlace: true })
    await stack.close()
    await (await this.#reopen()).close()
    return imageCount
  }

  async #runRound(round: Scenario['round']): Promise<boolean> {
    if ('steps' in round) {
      if (this.stack === null) throw new Error('not open')
      const runner = new RoundRunner(this.stack.store, this.#model, { mayFail: true })
      return (await runner.run(round.steps, () => {})).length > 0
    }
    try {
      await this.#control(round.control)
      return false
    } catch (error) {
      requireNamed(error)
      return true
    }
  }

  async #control(control: Control): Promise<void> {
    const { stack } = this
    if (control !== 'restart' && control !== 'kill') return stack?.[control]()
    this.stack = null
    await stack?.close()
    await this.#reopen()
  }

  /** What failed before is decided by the recovery. */
  async #reopen(): Promise<Stack> {
    const stack = await this.#machine.open()
    this.stack = stack
    this.#model.fence()
    return stack
  }

  /** A disk that is well again takes writes again, after a pause at most. */
  async #resume({ store }: Stack): Promise<void> {
    const step = { kind: 'create-bucket', bucket: 'resumed' } as const
    for (let waited = 0; ; waited += RESUME_STEP_MS) {
      const ticket = this.#model.begin(step, false)
      try {
        this.#model.end(ticket, 'acknowledged', (await perform(store, step, this.#model)) as object)
        this.#model.fence()
        return
      } catch (error) {
        this.#model.end(ticket, 'failed')
        const isRefused = error instanceof StoreError && error.kind === 'unavailable'
        const isFull = error instanceof StoreError && error.kind === 'disk-full'
        if (!(isRefused || isFull) || waited > RESUME_MS_MAX) throw error
        await new Promise((resolve) => setTimeout(resolve, RESUME_STEP_MS))
      }
    }
  }

  async #observe(places = { isInPlace: false }): Promise<void> {
    if (this.stack !== null) this.#model.observe(await this.#check(this.stack, places))
  }

  async #check(stack: Stack, places = { isInPlace: false }): Promise<StoreState> {
    const state = await readState(stack.store)
    const problems = check(state, expectationOf(this.#model))
    problems.push(...checkTiers(stack, state, places))
    if (problems.length > 0) throw new Error(problems.join('\n'))
    checkInvariants(stack.catalog)
    return state
  }

  async #checkCrashes(): Promise<number> {
    for (const [index, model] of crashes.entries()) {
      const fate = index % 2 === 0 ? 'kept' : 'lost'
      const image = this.#machine.crash({ model, seed: 17 + index, index: fate })
      try {
        const stack = await image.open()
        await this.#check(stack)
        await stack.close()
      } catch (cause) {
        throw new Error(`after a crash (${model}, index ${fate})`, { cause })
      }
    }
    return crashes.length
  }
}

/** Errors of the floors have a name of their own; anything else is a mistake in the program. */
function requireNamed(error: unknown): void {
  const names = ['StoreError', 'CatalogError', 'EngineError', 'SegmentError', 'ErrnoError']
  if (!(error instanceof Error) || !names.includes(error.name)) throw error
}
