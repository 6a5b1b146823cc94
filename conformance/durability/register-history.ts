/**
 * What clients of one process asked and were told, on one clock that counts: the history that the
 * checker judges. A request without an answer ends when the server that had it is dead: after that
 * it has happened or never will.
 */
import type { Operation } from '../../test/linearizability/linearizable.ts'
import type { ObjectAction, ObjectAnswer } from '../../test/linearizability/object-register.ts'

export type ObjectRequest = ObjectAction extends infer Action
  ? Action extends ObjectAction
    ? Omit<Action, 'answer'>
    : never
  : never

/** A request under way. */
export interface Ticket {
  readonly key: string
  readonly calledAt: number
}

export class RegisterHistory {
  readonly #operations: Operation<ObjectAction>[] = []
  /** Without an answer, and with a server that may still do what they ask. */
  #open: { readonly ticket: Ticket; readonly action: ObjectAction }[] = []
  #now = 0
  #diedAt = 0
  answeredCount = 0
  unknownCount = 0

  get operations(): readonly Operation<ObjectAction>[] {
    return this.#operations
  }

  call(key: string): Ticket {
    return { key, calledAt: ++this.#now }
  }

  /** Several keys may have been asked at once, as a listing does. */
  answered({ key, calledAt }: Ticket, request: ObjectRequest, answer: ObjectAnswer): void {
    this.answeredCount++
    const action = { ...request, answer } as ObjectAction
    this.#operations.push({ key, action, calledAt, returnedAt: ++this.#now })
  }

  unanswered(ticket: Ticket, request: ObjectRequest): void {
    this.unknownCount++
    // Nothing is learnt from a read without an answer.
    if (request.kind === 'get') return
    const action = { ...request, answer: { kind: 'unknown' } } as ObjectAction
    if (this.#diedAt > ticket.calledAt) this.#end(ticket, action, this.#diedAt)
    else this.#open.push({ ticket, action })
  }

  /** The server is dead now, and the next one has not begun. */
  died(): void {
    this.#diedAt = ++this.#now
    for (const { ticket, action } of this.#open) this.#end(ticket, action, this.#diedAt)
    this.#open = []
  }

  /** Nobody asks any more: whoever has no answer gets none. */
  end(): void {
    for (const { ticket, action } of this.#open) {
      this.#end(ticket, action, Number.POSITIVE_INFINITY)
    }
    this.#open = []
  }

  #end({ key, calledAt }: Ticket, action: ObjectAction, returnedAt: number): void {
    this.#operations.push({ key, action, calledAt, returnedAt })
  }
}
