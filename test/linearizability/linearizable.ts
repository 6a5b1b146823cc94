/**
 * Decides whether a concurrent history could have happened one operation after another, each at one
 * moment between its call and its return: linearizability, by the search of Wing and Gong with the
 * memory of visited states that Lowe added, and with less to try where an order can lead nowhere.
 * Histories of independent keys are checked key by key, which is the same (Herlihy and Wing's
 * locality) and far cheaper.
 */

/** One operation of a history. Moments are those of one clock that never shows the same twice. */
export interface Operation<Action> {
  readonly key: string
  readonly action: Action
  readonly calledAt: number
  /** From here on it has happened, or never will. Infinity when nobody can tell. */
  readonly returnedAt: number
}

/** What one key may do. States are compared by `nameOf`. */
export interface Model<State, Action> {
  readonly initial: State
  /**
   * Every state that an operation with this outcome may leave behind; none when the outcome is
   * impossible in `state`. More than one when nobody knows whether it happened.
   */
  next(state: State, action: Action): readonly State[]
  nameOf(state: State): string
  /** Whether this changes nothing, in whatever state it happens. */
  isObserver(action: Action): boolean
  /** The only state in which this can have happened; undefined when there are several. */
  foundIn(action: Action): State | undefined
  /** Whether the key can be in this state again, once it has left it. */
  canRecur(state: State): boolean
}

/** A key whose operations have no order that explains them. */
export interface Violation<Action> {
  readonly key: string
  /** Of the longest order that was found. */
  readonly explained: readonly Operation<Action>[]
  /** Returned first among those that no order explains. */
  readonly unexplained: Operation<Action>
  /** All of the key that overlap it. */
  readonly overlapping: readonly Operation<Action>[]
}

/** Steps of the search for one key: a history that needs more is not one to be decided. */
const STEPS_MAX = 20_000_000

/**
 * The first violation of a history, or null.
 *
 * @throws RangeError when a key cannot be decided within a bound of steps
 */
export function findViolation<State, Action>(
  model: Model<State, Action>,
  history: Iterable<Operation<Action>>,
): Violation<Action> | null {
  const keys = new Map<string, Operation<Action>[]>()
  for (const operation of history) {
    const known = keys.get(operation.key)
    if (known === undefined) keys.set(operation.key, [operation])
    else known.push(operation)
  }
  for (const operations of keys.values()) {
    const violation = new Search(model, operations).run()
    if (violation !== null) return violation
  }
  return null
}

/** A call or a return, in a list from which both are lifted once the operation has its place. */
interface Event<Action> {
  readonly id: number
  readonly operation: Operation<Action>
  /** Of a call, its return; null for a return. */
  readonly end: Event<Action> | null
  before: Event<Action> | null
  after: Event<Action> | null
}

interface Choice<State, Action> {
  readonly call: Event<Action>
  readonly state: State
  /** The alternative to try next; null when there was nothing to choose. */
  readonly next: number | null
}

class Search<State, Action> {
  readonly #model: Model<State, Action>
  readonly #operations: readonly Operation<Action>[]
  readonly #head: Event<Action>
  readonly #placed: Placed
  readonly #visited = new Set<string>()
  readonly #choices: Choice<State, Action>[] = []
  /** By state, how many without a place have found it. */
  readonly #finders = new Map<string, number>()
  #longest: readonly Operation<Action>[] = []
  #stuckAt: Operation<Action> | null = null

  constructor(model: Model<State, Action>, operations: readonly Operation<Action>[]) {
    this.#model = model
    this.#operations = [...operations].sort((one, other) => one.calledAt - other.calledAt)
    this.#head = eventsOf(this.#operations)
    this.#placed = new Placed(operations.length)
    for (let event = this.#head.after; event !== null; event = event.after) {
      if (event.end !== null) this.#count(event, 1)
    }
  }

  run(): Violation<Action> | null {
    let state = this.#model.initial
    this.#placeObservers(state)
    let event = this.#head.after
    let alternative = 0
    for (let step = 0; event !== null; step++) {
      if (step === STEPS_MAX) throw new RangeError(`undecided: ${this.#operations[0]?.key}`)
      if (event.end === null) {
        // This one has returned, and has no place in the order so far: another order is needed.
        this.#remember(event.operation)
        const choice = this.#lastChoice()
        if (choice === null) return this.#violation()
        event = choice.call
        state = choice.state
        alternative = choice.next ?? 0
        continue
      }
      const placed = this.#place(event, state, alternative)
      alternative = 0
      if (placed === null) event = event.after
      else {
        state = placed.state
        this.#placeObservers(state)
        event = this.#head.after
      }
    }
    return null
  }

  /** The first alternative, from a given one on, that leads where the search has not been. */
  #place(call: Event<Action>, state: State, from: number): { readonly state: State } | null {
    const model = this.#model
    const placed = this.#placed
    const states = model.next(state, call.operation.action)
    const name = model.nameOf(state)
    for (let index = from; index < states.length; index++) {
      const next = states[index] as State
      // Whoever found the state that is left here for good would never have its place.
      if (model.nameOf(next) !== name && !this.#mayLeave(state, call)) continue
      placed.add(call.id)
      const visit = `${placed.name()} ${model.nameOf(next)}`
      if (!this.#visited.has(visit)) {
        this.#visited.add(visit)
        this.#take({ call, state, next: index + 1 })
        return { state: next }
      }
      placed.delete(call.id)
    }
    return null
  }

  /**
   * Gives all their place who can have it here and change nothing: if they can have it later, they
   * can have it now, so that there is nothing to choose.
   */
  #placeObservers(state: State): void {
    const model = this.#model
    let event = this.#head.after
    while (event !== null && event.end !== null) {
      const { after } = event
      const { action } = event.operation
      if (model.isObserver(action) && model.next(state, action).length > 0) {
        this.#placed.add(event.id)
        this.#take({ call: event, state, next: null })
        // What follows may have been its own return.
        event = this.#head.after
      } else event = after
    }
  }

  #take(choice: Choice<State, Action>): void {
    this.#choices.push(choice)
    lift(choice.call)
    this.#count(choice.call, -1)
  }

  /** Undoes everything up to the latest choice, which has other alternatives or none. */
  #lastChoice(): Choice<State, Action> | null {
    for (;;) {
      const choice = this.#choices.pop()
      if (choice === undefined) return null
      this.#placed.delete(choice.call.id)
      unlift(choice.call)
      this.#count(choice.call, 1)
      if (choice.next !== null) return choice
    }
  }

  #mayLeave(state: State, { operation }: Event<Action>): boolean {
    if (this.#model.canRecur(state)) return true
    const name = this.#model.nameOf(state)
    const own = this.#model.foundIn(operation.action)
    const isOwn = own !== undefined && this.#model.nameOf(own) === name
    return (this.#finders.get(name) ?? 0) <= (isOwn ? 1 : 0)
  }

  #count({ operation }: Event<Action>, change: number): void {
    const found = this.#model.foundIn(operation.action)
    if (found === undefined) return
    const name = this.#model.nameOf(found)
    this.#finders.set(name, (this.#finders.get(name) ?? 0) + change)
  }

  #remember(stuckAt: Operation<Action>): void {
    if (this.#stuckAt !== null && this.#choices.length <= this.#longest.length) return
    this.#stuckAt = stuckAt
    this.#longest = this.#choices.map(({ call }) => call.operation)
  }

  #violation(): Violation<Action> {
    const unexplained = this.#stuckAt as Operation<Action>
    const overlapping = this.#operations.filter(
      (other) =>
        other.calledAt <= unexplained.returnedAt && other.returnedAt >= unexplained.calledAt,
    )
    return { key: unexplained.key, explained: this.#longest, unexplained, overlapping }
  }
}

/** Which operations have their place. Named by the few beyond those that all have. */
class Placed {
  readonly #flags: Uint8Array
  #first = 0
  #last = -1

  constructor(count: number) {
    this.#flags = new Uint8Array(count)
  }

  add(id: number): void {
    this.#flags[id] = 1
    this.#last = Math.max(this.#last, id)
    while (this.#flags[this.#first] === 1) this.#first++
  }

  delete(id: number): void {
    this.#flags[id] = 0
    this.#first = Math.min(this.#first, id)
    while (this.#last >= 0 && this.#flags[this.#last] === 0) this.#last--
  }

  name(): string {
    let name = `${this.#first}`
    for (let id = this.#first; id <= this.#last; id++) if (this.#flags[id] === 1) name += `,${id}`
    return name
  }
}

/** A list of all calls and returns in the order of time, behind a head that is neither. */
function eventsOf<Action>(operations: readonly Operation<Action>[]): Event<Action> {
  const events: { readonly at: number; readonly event: Event<Action> }[] = []
  for (const [id, operation] of operations.entries()) {
    const end: Event<Action> = { id, operation, end: null, before: null, after: null }
    events.push({ at: operation.returnedAt, event: end })
    events.push({ at: operation.calledAt, event: { ...end, end } })
  }
  // At the same moment calls come first: then they overlap, and either order is allowed.
  events.sort((one, other) => one.at - other.at || rank(one.event) - rank(other.event))
  const head: Event<Action> = {
    id: -1,
    operation: operations[0] as Operation<Action>,
    end: null,
    before: null,
    after: null,
  }
  let last = head
  for (const { event } of events) {
    last.after = event
    event.before = last
    last = event
  }
  return head
}

function rank({ end }: Event<unknown>): number {
  return end === null ? 1 : 0
}

function lift<Action>(call: Event<Action>): void {
  for (const event of [call, call.end]) {
    if (event === null) continue
    if (event.before !== null) event.before.after = event.after
    if (event.after !== null) event.after.before = event.before
  }
}

/** Undoes the latest `lift` that has not been undone. */
function unlift<Action>(call: Event<Action>): void {
  for (const event of [call.end, call]) {
    if (event === null) continue
    if (event.before !== null) event.before.after = event
    if (event.after !== null) event.after.before = event
  }
}
