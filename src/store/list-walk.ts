/**
 * One page of a listing: a pure walk over an ordered cursor. Names that contain the delimiter after
 * the prefix fold into one common prefix, past which the walk seeks, so that a page costs what is
 * on it and not what it stands for.
 */
import { successor } from './rows/keys.ts'

/** Steps taken inside a common prefix before seeking past it: a step is cheaper than a seek. */
const STEPS_BEFORE_SEEK = 4

export interface Named {
  /** UTF-8 bytes of the name. */
  readonly name: Buffer
}

export interface ListCursor<Item extends Named> {
  /** Items whose names are ≥ `name`, in byte order of their names. */
  seek(name: Uint8Array): Iterator<Item>
}

export interface WalkQuery {
  readonly prefix: Buffer
  /** Empty for none. */
  readonly delimiter: Buffer
  /** Nothing at or before this name is shown, nor a common prefix at or before it. */
  readonly after: Buffer
}

export type WalkStep<Item> =
  | { readonly kind: 'item'; readonly item: Item }
  | { readonly kind: 'common-prefix'; readonly name: Buffer }

export interface WalkPage<Item> {
  /** In order. */
  readonly steps: readonly WalkStep<Item>[]
  readonly isTruncated: boolean
}

/** The first `limit` steps; a page of none is never truncated, as on S3. */
export function takePage<Item>(steps: Iterable<WalkStep<Item>>, limit: number): WalkPage<Item> {
  const page: WalkStep<Item>[] = []
  if (limit === 0) return { steps: page, isTruncated: false }
  for (const step of steps) {
    if (page.length === limit) return { steps: page, isTruncated: true }
    page.push(step)
  }
  return { steps: page, isTruncated: false }
}

export function* walk<Item extends Named>(
  cursor: ListCursor<Item>,
  query: WalkQuery,
): Generator<WalkStep<Item>, void, void> {
  const { prefix } = query
  let from = firstName(query)
  while (from !== null) {
    const items = cursor.seek(from)
    from = null
    try {
      for (let step = items.next(); step.done !== true; ) {
        const { name } = step.value
        if (!startsWith(name, prefix)) return
        const common = commonPrefix(name, query)
        if (common === null) {
          yield { kind: 'item', item: step.value }
          step = items.next()
          continue
        }
        // Never at or before `after`: the walk started behind the common prefix of that.
        yield { kind: 'common-prefix', name: common }
        step = stepPast(items, common)
        if (isWithin(step, common)) {
          from = successor(common)
          break
        }
      }
    } finally {
      items.return?.()
    }
  }
}

/** The first step behind the common prefix, or one still in it when there are many. */
function stepPast<Item extends Named>(items: Iterator<Item>, common: Buffer): IteratorResult<Item> {
  let step = items.next()
  for (let taken = 0; isWithin(step, common) && taken < STEPS_BEFORE_SEEK; taken++) {
    step = items.next()
  }
  return step
}

/** Where the walk starts; null when nothing can follow. */
function firstName(query: WalkQuery): Buffer | null {
  const { prefix, after } = query
  if (Buffer.compare(after, prefix) < 0) return prefix
  if (!startsWith(after, prefix)) return null
  const common = commonPrefix(after, query)
  // A page that ended with a common prefix goes on behind everything in it.
  if (common !== null) return successor(common)
  return after.length === 0 ? after : Buffer.concat([after, Buffer.from([0])])
}

/** The name up to and with the first delimiter after the prefix. */
export function commonPrefix(name: Buffer, { prefix, delimiter }: WalkQuery): Buffer | null {
  if (delimiter.length === 0) return null
  const index = name.indexOf(delimiter, prefix.length)
  return index === -1 ? null : name.subarray(0, index + delimiter.length)
}

function isWithin<Item extends Named>(step: IteratorResult<Item>, common: Buffer): boolean {
  return step.done !== true && startsWith(step.value.name, common)
}

function startsWith(name: Buffer, prefix: Buffer): boolean {
  return name.length >= prefix.length && prefix.compare(name, 0, prefix.length) === 0
}
