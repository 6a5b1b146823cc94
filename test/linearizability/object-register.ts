import type { Model } from './linearizable.ts'

/** What a client asked of one key, and what it was told. Values are ETags, each written once. */
export type ObjectAction = (
  | { readonly kind: 'get' }
  | { readonly kind: 'put'; readonly value: string; readonly condition?: Condition }
  | { readonly kind: 'delete'; readonly condition?: Condition }
) & { readonly answer: ObjectAnswer }

/** If-Match with an ETag, or If-None-Match: *. */
export type Condition = { readonly ifMatch: string } | 'if-none-match'

export type ObjectAnswer =
  | { readonly kind: 'done' }
  /** 412: the condition did not hold. */
  | { readonly kind: 'refused' }
  /** 404 to an If-Match: there is nothing to match. */
  | { readonly kind: 'absent' }
  /** The answer to a get; null: there is nothing. */
  | { readonly kind: 'found'; readonly value: string | null }
  /** There was none: it happened, or did not. */
  | { readonly kind: 'unknown' }

/** One S3 object, seen as a register with compare-and-set. The state is its ETag, or null. */
export const objectRegister: Model<string | null, ObjectAction> = {
  initial: null,
  nameOf: (state) => state ?? '',
  isObserver: ({ kind, answer }) =>
    kind === 'get' || answer.kind === 'refused' || answer.kind === 'absent',
  // Each value is written once; but what was deleted can be deleted again.
  canRecur: (state) => state === null,
  foundIn: (action) => {
    const { answer } = action
    if (action.kind === 'get') return toldValue(answer)
    if (answer.kind === 'absent') return null
    if (answer.kind !== 'done' || action.condition === undefined) return undefined
    return action.condition === 'if-none-match' ? null : action.condition.ifMatch
  },
  next: (state, action) => {
    const { answer } = action
    if (action.kind === 'get') {
      const isPossible = answer.kind === 'unknown' || toldValue(answer) === state
      return isPossible ? [state] : []
    }
    const written = action.kind === 'put' ? action.value : null
    const holds = isMet(action.condition, state)
    const isAbsent = typeof action.condition === 'object' && state === null
    switch (answer.kind) {
      case 'done':
        return holds ? [written] : []
      case 'refused':
        return holds || isAbsent ? [] : [state]
      case 'absent':
        return isAbsent ? [state] : []
      case 'unknown':
        return holds && written !== state ? [written, state] : [state]
      case 'found':
        return []
    }
  },
}

/** Undefined for what is no answer to a get. */
function toldValue(answer: ObjectAnswer): string | null | undefined {
  return answer.kind === 'found' ? answer.value : undefined
}

function isMet(condition: Condition | undefined, state: string | null): boolean {
  if (condition === undefined) return true
  return condition === 'if-none-match' ? state === null : state === condition.ifMatch
}
