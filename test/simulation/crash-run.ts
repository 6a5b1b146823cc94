import { CatalogError } from '../../src/catalog/errors.ts'
import type { CrashModel, DiskOperation, Fault } from '../../src/platform/memory-fs.ts'
import { SeededRandom } from '../../src/platform/seeded-random.ts'
import { check, type Expectation, expectationOf } from './expectation.ts'
import { History, type HistoryOptions } from './history.ts'
import { Machine, type MachineOptions } from './machine.ts'
import { ReferenceModel } from './reference-model.ts'
import { digestOf, indexFates, type ReopenedDisk, reopen } from './reopen.ts'
import { RoundRunner } from './round-runner.ts'
import type { Stack } from './stack.ts'
import { type Control, describeRound, needsTiers, type Round, type Upkeep } from './step.ts'
import { difference, readState } from './store-state.ts'
import { checkTiers } from './tier-check.ts'

export interface CrashRunOptions extends HistoryOptions, Omit<MachineOptions, 'seed' | 'capacity'> {
  readonly roundCount: number
  /** Chance of a crash before an operation that is no boundary. */
  readonly crashRate: number
  /** Chance of a transaction of the index to fail. Default: none does. */
  readonly indexFailureRate?: number
  /** Rounds to run in place of made-up ones. */
  readonly rounds?: readonly Round[]
  /** Rounds at the beginning during which nothing crashes. Default: none. */
  readonly quietRoundCount?: number
}

/** What is checked in one history. */
export interface CrashRunResult {
  /** Pairs of a disk and what must be on it that were checked, each once. */
  readonly stateCount: number
  /** Disks that were opened, no two alike. */
  readonly imageCount: number
  /** Objects and segments that went to another tier between two rounds, or beside one. */
  readonly moveCount: number
  /** Crash states of the rounds to which tiers make a difference. */
  readonly movingStateCount: number
}

/** Operations whose success changes what is durable, or which names there are. */
const boundaries: ReadonlySet<string> = new Set([
  'sync',
  'syncDirectory',
  'create',
  'rename',
  'remove',
  'truncate',
])

/** What an operation does not change cannot differ after a crash before it. */
const harmless: ReadonlySet<string> = new Set([
  'open',
  'read',
  'size',
  'close',
  'list',
  'stat',
  'space',
  'lock',
])

const CHECKS_AT_A_TIME = 4

const powerLosses: readonly CrashModel[] = ['lose-all', 'keep-all', 'subset', 'torn']

interface Crash {
  readonly machine: Machine
  readonly seed: number
  readonly isKill: boolean
  readonly expectation: Expectation
  readonly at: string
}

/**
 * Runs one history on the real stack and crashes it at every boundary, at every acknowledgement and
 * here and there in between. Every disk that a crash may leave is opened and must hold what was
 * acknowledged; it is then written to, crashed and opened again.
 */
export class CrashRun {
  readonly #options: CrashRunOptions
  readonly #random: SeededRandom
  readonly #history: History
  readonly #model = new ReferenceModel()
  readonly #machine: Machine
  readonly #done: Round[] = []
  /** States of disks already opened, by digest. */
  readonly #opened = new Map<string, Promise<ReopenedDisk>>()
  #crashes: Crash[] = []
  #expectation: Expectation | null = null
  #stateCount = 0
  #imageCount = 0
  #moveCount = 0
  #movingStateCount = 0

  constructor(options: CrashRunOptions) {
    this.#options = options
    this.#random = new SeededRandom(options.seed ^ 0x5eed)
    this.#history = new History(options)
    this.#machine = new Machine({ isTiered: true, ...options })
  }

  async run(): Promise<CrashRunResult> {
    let machine = this.#machine
    let stack = await this.#open(machine)
    const rounds = this.#options.rounds ?? null
    const count = rounds?.length ?? this.#options.roundCount
    for (let index = 0; index < count; index++) {
      const round = rounds?.[index] ?? this.#history.next(this.#model)
      this.#done.push(round)
      try {
        if ('control' in round)
          ({ machine, stack } = await this.#control(round.control, machine, stack))
        else await this.#runSteps(machine, stack, round)
        this.#capture(machine, 'after the round')
        const before = this.#stateCount
        await this.#checkCrashes()
        if (needsTiers(round)) this.#movingStateCount += this.#stateCount - before
        await this.#observe(stack, 'control' in round && round.control === 'move')
      } catch (error) {
        throw this.#explained(error)
      }
    }
    await stack.close()
    return {
      stateCount: this.#stateCount,
      imageCount: this.#imageCount,
      moveCount: this.#moveCount,
      movingStateCount: this.#movingStateCount,
    }
  }

  async #open(machine: Machine): Promise<Stack> {
    machine.fs.intercept((operation) => this.#intercept(machine, operation))
    const stack = await machine.open()
    const { indexFailureRate = 0 } = this.#options
    machine.index.isFailing = () => this.#random.chance(indexFailureRate)
    return stack
  }

  async #runSteps(
    machine: Machine,
    stack: Stack,
    { steps, beside }: Exclude<Round, { readonly control: unknown }>,
  ): Promise<void> {
    const options = { isMoving: beside === 'move' }
    const runner = new RoundRunner(stack.store, this.#model, options)
    const answered = runner.run(steps, () => this.#capture(machine, 'after an answer'))
    const isKept = beside === undefined ? null : this.#keepUp(stack, beside)
    await Promise.all([answered, isKept])
  }

  /** An index that takes no rows is no reason to fail for anybody else. */
  async #keepUp(stack: Stack, upkeep: Upkeep): Promise<void> {
    const before = stack.moveCount()
    try {
      await stack[upkeep]()
      this.#moveCount += stack.moveCount() - before
    } catch (error) {
      const isIndex = error instanceof CatalogError && error.kind === 'unavailable'
      if (!isIndex || !this.#options.indexFailureRate) throw error
    }
  }

  async #control(
    control: Control,
    machine: Machine,
    stack: Stack,
  ): Promise<{ readonly machine: Machine; readonly stack: Stack }> {
    if (control !== 'restart' && control !== 'kill') {
      await this.#keepUp(stack, control)
      return { machine, stack }
    }
    if (control === 'restart') await stack.close()
    const next = control === 'kill' ? machine.crash({ model: 'kill', seed: 0 }) : machine
    machine.fs.intercept(null)
    next.index.isFailing = () => false
    if (control === 'kill') await stack.close()
    return { machine: next, stack: await this.#open(next) }
  }

  /** Takes crash images before an operation happens, and lets time pass. */
  #intercept(machine: Machine, operation: DiskOperation): null | Promise<Fault | null> {
    if (this.#done.length <= (this.#options.quietRoundCount ?? 0)) return null
    const isBoundary = boundaries.has(operation.operation)
    const isChange = !harmless.has(operation.operation)
    if (isBoundary || (isChange && this.#random.chance(this.#options.crashRate))) {
      this.#capture(machine, `before ${operation.operation} of ${operation.path}`)
    }
    return this.#random.chance(0.3) ? later() : null
  }

  #capture(machine: Machine, at: string): void {
    if (this.#done.length <= (this.#options.quietRoundCount ?? 0)) return
    if (this.#expectation?.version !== this.#model.version) {
      this.#expectation = expectationOf(this.#model)
    }
    const expectation = this.#expectation
    const models: CrashModel[] = [...powerLosses]
    if (this.#random.chance(0.2)) models.push('kill')
    if (this.#random.chance(0.5)) models.push('subset', 'torn')
    for (const model of models) {
      const seed = this.#random.next()
      const crashed = machine.crash({ model, seed, index: this.#random.pick(indexFates) })
      const isKill = model === 'kill'
      const where = `${model} ${seed} ${at}`
      this.#crashes.push({ machine: crashed, expectation, seed, isKill, at: where })
    }
  }

  /** Several at a time: most of opening a store is waiting. */
  async #checkCrashes(): Promise<void> {
    const crashes = this.#crashes.reverse()
    this.#crashes = []
    const checked = new Set<string>()
    const checkNext = async () => {
      for (let crash = crashes.pop(); crash !== undefined; crash = crashes.pop()) {
        try {
          await this.#checkCrash(crash, checked)
        } catch (error) {
          throw new Error(`crash (${crash.at})`, { cause: error })
        }
      }
    }
    await Promise.all(Array.from({ length: CHECKS_AT_A_TIME }, checkNext))
    // Older disks come up rarely again.
    if (this.#opened.size > 500) this.#opened.clear()
  }

  async #checkCrash(crash: Crash, checked: Set<string>): Promise<void> {
    // After a kill, disks with the same bytes differ in what of them is durable.
    const digest = crash.isKill ? `killed ${crash.seed}` : await digestOf(crash.machine)
    const name = `${digest} ${crash.expectation.version}`
    if (checked.has(name)) return
    checked.add(name)
    this.#stateCount++
    let opened = this.#opened.get(digest)
    if (opened === undefined) {
      opened = reopen(crash.machine, crash.seed)
      this.#opened.set(digest, opened)
      this.#imageCount++
    }
    const { state, recovered } = await opened
    this.#stateCount += recovered.length
    const problems = check(state, crash.expectation)
    for (const later of recovered) {
      problems.push(...check(later, crash.expectation))
      // After a kill the recovery may find what a power loss then takes.
      const changed = crash.isKill ? null : difference(state, later)
      if (changed !== null) problems.push(`differs after a crash in recovery: ${changed}`)
    }
    if (problems.length > 0) throw new Error(problems.join('\n'))
  }

  /** The store itself, undisturbed, must show what is expected; from then on it is certain. */
  async #observe(stack: Stack, isInPlace: boolean): Promise<void> {
    const state = await readState(stack.store)
    const problems = check(state, expectationOf(this.#model))
    problems.push(...checkTiers(stack, state, { isInPlace }))
    if (problems.length > 0) throw new Error(problems.join('\n'))
    this.#model.observe(state)
  }

  #explained(error: unknown): Error {
    const { seed } = this.#options
    const rounds = this.#done.map((round, index) => `${index} ${describeRound(round)}`)
    const again = `npm run simulate -- --seed ${seed}`
    const message = [again, ...rounds, causesOf(error)].join('\n')
    return new Error(message, { cause: error })
  }
}

function later(): Promise<null> {
  return new Promise((resolve) => setImmediate(() => resolve(null)))
}

function causesOf(error: unknown): string {
  const lines: string[] = []
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    lines.push(cause.cause === undefined ? (cause.stack ?? cause.message) : cause.message)
  }
  return lines.join('\ncaused by ')
}
