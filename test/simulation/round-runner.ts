import { StoreError, type StoreErrorKind } from '../../src/store/errors.ts'
import type { ObjectStore } from '../../src/store/object-store.ts'
import { interfere } from './history.ts'
import { type ItemResult, perform } from './perform.ts'
import type { Answer, Ending, ReferenceModel, Ticket } from './reference-model.ts'
import type { Step } from './step.ts'

/** Refusals that a client can meet without anything being broken. */
const refusals: ReadonlySet<StoreErrorKind> = new Set([
  'no-such-bucket',
  'bucket-exists',
  'bucket-not-empty',
  'no-such-key',
  'no-such-version',
  'delete-marker',
  'no-such-upload',
  'invalid-part',
  'part-too-small',
  'precondition-failed',
])

/** What a store may answer when the disk fails under it. */
const failures: ReadonlySet<StoreErrorKind> = new Set(['unavailable', 'disk-full'])

/** Steps that always commit something when they succeed: what failed before is decided then. */
const committing: ReadonlySet<Step['kind']> = new Set([
  'create-bucket',
  'put',
  'copy',
  'create-upload',
  'upload-part',
])

export interface RunnerOptions {
  /** Whether the disk may fail. */
  readonly mayFail?: boolean
  /** Whether stored bytes are moved meanwhile, and may be in the way of whom else moves them. */
  readonly isMoving?: boolean
}

/** Runs the steps of a round at the same time and tells the model how each ended. */
export class RoundRunner {
  readonly #store: ObjectStore
  readonly #model: ReferenceModel
  readonly #options: RunnerOptions
  /** Steps begun after the latest failure so far have a higher number. */
  #failureCount = 0

  constructor(store: ObjectStore, model: ReferenceModel, options: RunnerOptions = {}) {
    this.#store = store
    this.#model = model
    this.#options = options
  }

  /** @returns the steps that failed; `onAnswer` is called as each answer arrives */
  async run(steps: readonly Step[], onAnswer: () => void): Promise<readonly Step[]> {
    const able = steps.filter((step) => this.#canStart(step))
    // By place, for the same step can be there twice.
    const isAlone = (step: Step, index: number) =>
      !able.some((other, at) => at !== index && interfere(step, other, this.#model))
    const tickets = able.map((step, index) => this.#model.begin(step, isAlone(step, index)))
    const endings = await Promise.all(tickets.map((ticket) => this.#runOne(ticket, onAnswer)))
    this.#checkContention(tickets, endings)
    return able.filter((_, index) => endings[index] === 'failed')
  }

  /** An upload whose creation failed has no id to work with. */
  #canStart(step: Step): boolean {
    if (step.kind === 'create-upload' || !('upload' in step)) return true
    const record = this.#model.uploads.get(step.upload)
    return record !== undefined && record.uploadId !== null
  }

  async #runOne(ticket: Ticket, onAnswer: () => void): Promise<Ending> {
    const failuresBefore = this.#failureCount
    let result: Answer | readonly ItemResult[]
    try {
      result = await perform(this.#store, ticket.step, this.#model)
    } catch (error) {
      const ending = this.#endingOf(error, ticket)
      if (ending === 'failed') this.#failureCount++
      this.#model.end(ticket, ending)
      return ending
    }
    const endings = Array.isArray(result)
      ? (result as readonly ItemResult[]).map((item) =>
          'deleted' in item ? 'acknowledged' : this.#endingOf(item.error, ticket),
        )
      : 'acknowledged'
    if (!Array.isArray(result) && (result as Answer).isDone === false) return this.#refuse(ticket)
    this.#model.end(ticket, endings, Array.isArray(result) ? {} : (result as Answer))
    if (endings !== 'acknowledged' && endings.includes('failed')) {
      this.#failureCount++
      return 'failed'
    }
    if (ticket.expected !== undefined && ticket.expected !== 'success') {
      throw new Error(`${JSON.stringify(ticket.step)} succeeded, not ${ticket.expected}`)
    }
    const isFence = committing.has(ticket.step.kind) && this.#failureCount === failuresBefore
    if (isFence) this.#model.fence()
    onAnswer()
    return 'acknowledged'
  }

  #refuse(ticket: Ticket): Ending {
    if (ticket.isAlone && !this.#options.isMoving) {
      throw new Error(`${JSON.stringify(ticket.step)} was in nobody's way and did nothing`)
    }
    this.#model.end(ticket, 'refused')
    return 'refused'
  }

  #endingOf(error: unknown, { step, expected }: Ticket): Ending {
    if (error instanceof StoreError) {
      if (this.#options.mayFail && failures.has(error.kind)) return 'failed'
      if (expected === error.kind) return 'refused'
      if (expected === undefined && refusals.has(error.kind)) return 'refused'
    }
    throw new Error(`${JSON.stringify(step)} did not answer ${expected ?? 'well'}`, {
      cause: error,
    })
  }

  /** Of writers that each demand to be the first, one is. */
  #checkContention(tickets: readonly Ticket[], endings: readonly Ending[]): void {
    const isFirstOnly = ({ step }: Ticket) => step.kind === 'put' && step.ifNoneMatch === '*'
    if (tickets.length < 2 || !tickets.every((ticket) => isFirstOnly(ticket) && !ticket.isAlone)) {
      return
    }
    const winners = endings.filter((ending) => ending === 'acknowledged').length
    if (winners > 1) throw new Error(`${winners} writers were each the first`)
  }
}
