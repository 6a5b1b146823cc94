import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findViolation, type Operation } from './linearizable.ts'
import { type ObjectAction, type ObjectAnswer, objectRegister } from './object-register.ts'

type Span = readonly [calledAt: number, returnedAt: number]

const done: ObjectAnswer = { kind: 'done' }
const refused: ObjectAnswer = { kind: 'refused' }
const absent: ObjectAnswer = { kind: 'absent' }
const unknown: ObjectAnswer = { kind: 'unknown' }

const at = ([calledAt, returnedAt]: Span, action: ObjectAction, key = 'k') => ({
  key,
  action,
  calledAt,
  returnedAt,
})
const get = (span: Span, value: string | null, key = 'k') =>
  at(span, { kind: 'get', answer: { kind: 'found', value } }, key)
const put = (span: Span, value: string, answer: ObjectAnswer = done, key = 'k') =>
  at(span, { kind: 'put', value, answer }, key)
const first = (span: Span, value: string, answer: ObjectAnswer = done) =>
  at(span, { kind: 'put', value, condition: 'if-none-match', answer })
const swap = (
  span: Span,
  [ifMatch, value]: readonly [string, string],
  answer: ObjectAnswer = done,
) => at(span, { kind: 'put', value, condition: { ifMatch }, answer })
const remove = (span: Span, answer: ObjectAnswer = done) => at(span, { kind: 'delete', answer })

const linearizable = {
  'one after another': [put([1, 2], 'a'), get([3, 4], 'a'), remove([5, 6]), get([7, 8], null)],
  'a read during a write sees the old': [put([1, 2], 'a'), put([3, 6], 'b'), get([4, 5], 'a')],
  'a read during a write sees the new': [put([1, 2], 'a'), put([3, 6], 'b'), get([4, 5], 'b')],
  'two writes at once, in the order of the later read': [
    put([1, 4], 'a'),
    put([2, 3], 'b'),
    get([5, 6], 'a'),
  ],
  'a chain of overlapping operations': [
    put([1, 10], 'a'),
    put([2, 20], 'b'),
    get([11, 12], 'a'),
    get([13, 14], 'b'),
    remove([15, 16]),
    get([17, 18], null),
  ],
  'a first writer after a delete that is under way': [
    first([1, 2], 'a'),
    remove([3, 8]),
    first([4, 5], 'b'),
    get([9, 10], 'b'),
  ],
  'one of two that swap the same': [
    put([1, 2], 'a'),
    swap([3, 6], ['a', 'b']),
    swap([4, 7], ['a', 'c'], refused),
    get([8, 9], 'b'),
  ],
  'a swap of nothing': [remove([1, 2]), swap([3, 4], ['a', 'b'], absent)],
  'no answer, and it happened': [put([1, 2], 'a'), put([3, 9], 'b', unknown), get([10, 11], 'b')],
  'no answer, and it did not happen': [
    put([1, 2], 'a'),
    put([3, 9], 'b', unknown),
    get([10, 11], 'a'),
  ],
  'no answer, and it happened between two reads': [
    put([1, 2], 'a'),
    put([3, 20], 'b', unknown),
    get([4, 5], 'a'),
    get([6, 7], 'b'),
  ],
  'a swap that nobody answered made room for the next': [
    put([1, 2], 'a'),
    swap([3, 9], ['a', 'b'], unknown),
    swap([4, 5], ['b', 'c']),
    get([10, 11], 'c'),
  ],
}

const broken = {
  'a stale read': [put([1, 2], 'a'), put([3, 4], 'b'), get([5, 6], 'a')],
  'an acknowledged write that is gone': [put([1, 2], 'a'), get([3, 4], null)],
  'a deleted object that is back': [put([1, 2], 'a'), remove([3, 4]), get([5, 6], 'a')],
  'new, then old again': [put([1, 2], 'a'), put([3, 20], 'b'), get([4, 5], 'b'), get([6, 7], 'a')],
  'a value nobody wrote': [put([1, 2], 'a'), get([3, 4], 'x')],
  'a value before it was written': [get([1, 2], 'a'), put([3, 4], 'a')],
  'both of two that swap the same': [
    put([1, 2], 'a'),
    swap([3, 6], ['a', 'b']),
    swap([4, 7], ['a', 'c']),
  ],
  'two first writers': [first([1, 4], 'a'), first([2, 3], 'b')],
  'a refusal without a reason': [put([1, 2], 'a'), swap([3, 4], ['a', 'b'], refused)],
  'nothing to swap where something is': [put([1, 2], 'a'), swap([3, 4], ['a', 'b'], absent)],
  'a first writer refused where nothing is': [remove([1, 2]), first([3, 4], 'a', refused)],
  'no answer, seen and then gone': [
    put([1, 2], 'a'),
    put([3, 20], 'b', unknown),
    get([4, 5], 'b'),
    get([6, 7], 'a'),
  ],
  'no answer, and it happens after the death': [
    put([1, 5], 'a', unknown),
    get([6, 7], null),
    get([8, 9], 'a'),
  ],
  'two reads that saw two writes in two orders': [
    put([1, 10], 'a'),
    put([2, 11], 'b'),
    get([3, 4], 'a'),
    get([5, 6], 'b'),
    get([7, 8], 'a'),
  ],
}

describe('a history', () => {
  it.each(Object.entries(linearizable))('is linearizable: %s', (_, history) => {
    expect(findViolation(objectRegister, history)).toBeNull()
  })

  it.each(Object.entries(broken))('is not linearizable: %s', (_, history) => {
    expect(findViolation(objectRegister, history)).not.toBeNull()
  })

  it('is checked key by key, and the report names the key', () => {
    const history = [put([1, 2], 'a'), put([3, 4], 'b', done, 'other'), get([5, 6], null, 'other')]
    const violation = findViolation(objectRegister, history)
    expect(violation?.key).toBe('other')
    expect(violation?.unexplained).toEqual(history[2])
    expect(violation?.explained).toEqual([history[1]])
  })

  it('of many operations at once is decided soon', () => {
    const writes = Array.from({ length: 12 }, (_, index) =>
      put([index, 1000 + index], `v${index}`, index % 3 === 0 ? unknown : done),
    )
    const reads = Array.from({ length: 64 }, (_, index) =>
      get([2000 + 2 * index, 2001 + 2 * index], 'v7'),
    )
    expect(findViolation(objectRegister, [...writes, ...reads])).toBeNull()
  })
})

const values = ['a', 'b', 'c', 'd', 'e', 'f']
const value = fc.constantFrom(...values.slice(0, 4))
const condition = fc.oneof(
  fc.constant(undefined),
  fc.constant('if-none-match' as const),
  value.map((ifMatch) => ({ ifMatch })),
)
const randomAction: fc.Arbitrary<ObjectAction> = fc.oneof(
  fc.option(value).map((found) => ({
    kind: 'get' as const,
    answer: { kind: 'found' as const, value: found },
  })),
  fc
    .tuple(value, condition, fc.constantFrom(done, done, refused, absent, unknown))
    .map(([written, asked, answer]) => ({
      kind: 'put' as const,
      value: written,
      answer,
      ...(asked !== undefined && { condition: asked }),
    })),
  fc.constantFrom(done, unknown).map((answer) => ({ kind: 'delete' as const, answer })),
)
const randomOperation: fc.Arbitrary<Operation<ObjectAction>> = fc
  .tuple(randomAction, fc.nat(20), fc.integer({ min: 1, max: 12 }))
  .map(([action, calledAt, length]) => at([calledAt, calledAt + length], action))

describe('the search', () => {
  const histories = fc.array(randomOperation, { minLength: 1, maxLength: 6 })

  it('says what trying every order says', () => {
    const model = { ...objectRegister, canRecur: () => true }
    fc.assert(
      fc.property(histories, (history) => {
        expect(findViolation(model, history) === null).toBe(hasOrder(history))
      }),
      { numRuns: 3000, seed: 7 },
    )
  })

  it('says the same when each value is written once, and there is less to try', () => {
    fc.assert(
      fc.property(histories, (operations) => {
        const history = operations.map((operation, index) =>
          operation.action.kind === 'put'
            ? { ...operation, action: { ...operation.action, value: values[index]! } }
            : operation,
        )
        expect(findViolation(objectRegister, history) === null).toBe(hasOrder(history))
      }),
      { numRuns: 6000, seed: 9 },
    )
  })

  it('meets both outcomes often enough to mean something', () => {
    const samples = fc.sample(fc.array(randomOperation, { minLength: 2, maxLength: 5 }), {
      numRuns: 500,
      seed: 8,
    })
    const good = samples.filter(hasOrder).length
    expect(good).toBeGreaterThan(50)
    expect(good).toBeLessThan(450)
  })
})

/** Whether some order of the operations, each after all that returned before its call, explains all. */
function hasOrder(history: readonly Operation<ObjectAction>[]): boolean {
  const explain = (left: readonly Operation<ObjectAction>[], state: string | null): boolean => {
    if (left.length === 0) return true
    return left.some((candidate) => {
      if (left.some((other) => other.returnedAt < candidate.calledAt)) return false
      const rest = left.filter((other) => other !== candidate)
      return objectRegister.next(state, candidate.action).some((next) => explain(rest, next))
    })
  }
  return explain(history, objectRegister.initial)
}
