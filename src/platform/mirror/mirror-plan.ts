/**
 * Decides at start which directories of a mirror hold everything that was acknowledged. Pure.
 *
 * Invariant: a directory is trusted only when every directory that may know more is there to be
 * asked, or was said to be lost. So a copy that others have gone on without is never served, even
 * when it is the only one left.
 */
import { unreachable } from '../../base/unreachable.ts'
import type { MirrorMember, MirrorRecord } from './mirror-record.ts'

/** What is in one of the directories that make up the mirror. */
export type FoundCopy =
  /** Nothing is there, or it cannot be read; `reason` says which. */
  | { readonly found: 'absent'; readonly reason: string }
  /** A directory in which no store has ever been. */
  | { readonly found: 'empty' }
  /** A store that was no part of a mirror so far. */
  | { readonly found: 'single' }
  | {
      readonly found: 'copy'
      readonly record: MirrorRecord
      /** False for what a first start that was cut short left: a record, and no store yet. */
      readonly hasStore: boolean
    }
  /** A store whose mirror record does not verify. */
  | { readonly found: 'damaged' }

export interface PlannedCopy {
  readonly directory: string
  readonly copy: FoundCopy
}

export interface MirrorPlan {
  /** The record to go on from; null for a store that is new or was no mirror. */
  readonly base: MirrorRecord | null
  /** Complete, by place in what was given; the first is read from. */
  readonly members: readonly number[]
}

export type MirrorErrorKind =
  /** What is there may not be all: another directory may know more, and is not there. */
  | 'incomplete'
  /** Two directories hold different histories. */
  | 'diverged'
  | 'damaged'

/** The mirror is not served; nothing in it was changed. */
export class MirrorError extends Error {
  override readonly name = 'MirrorError'
  readonly kind: MirrorErrorKind

  constructor(kind: MirrorErrorKind, message: string) {
    super(message)
    this.kind = kind
  }
}

type Held = PlannedCopy & { readonly index: number; readonly record: MirrorRecord }

/**
 * @param lost  directories that the operator says are gone for good; means nothing for one that is
 *   there and holds what it should
 * @throws MirrorError
 */
export function planMirror(found: readonly PlannedCopy[], lost: readonly string[]): MirrorPlan {
  const copies = withoutUnborn(found)
  const held: Held[] = []
  const singles: number[] = []
  for (const [index, each] of copies.entries()) {
    if (each.copy.found === 'copy') held.push({ ...each, index, record: each.copy.record })
    if (each.copy.found === 'single') singles.push(index)
  }
  const stores = new Set(held.map(({ record }) => record.storeId))
  if (stores.size > 1) throw diverged(held, 'belong to different stores')
  if (held.length === 0) return planFirst(copies, singles, lost)
  if (singles.length > 0) {
    const names = singles.map((index) => copies[index]?.directory).join(', ')
    throw new MirrorError('damaged', `${names} holds a store without its mirror record: empty it`)
  }
  const newest = newestOf(held)
  const members = newest.members
    .map((member) => trusted(member, { held, newest, lost, copies }))
    .filter((index) => index !== null)
  if (members.length === 0) {
    throw new MirrorError(
      'incomplete',
      `no directory of the mirror is complete: ${inWords(copies)}`,
    )
  }
  const stray = held.find(({ record }) => !isAncestor(record, newest))
  if (stray !== undefined) {
    throw diverged([stray], 'holds writes that the other directories of the mirror do not know')
  }
  return { base: newest, members: members.sort((left, right) => left - right) }
}

/** Records of a store that was never made say nothing. */
function withoutUnborn(copies: readonly PlannedCopy[]): readonly PlannedCopy[] {
  const isBorn = copies.some(({ copy }) => {
    return copy.found === 'single' || copy.found === 'damaged' || isOfStore(copy)
  })
  if (isBorn) return copies
  return copies.map(({ directory, copy }) => ({
    directory,
    copy: copy.found === 'copy' ? { found: 'empty' } : copy,
  }))
}

function isOfStore(copy: FoundCopy): boolean {
  return copy.found === 'copy' && (copy.hasStore || copy.record.state === 'filling')
}

/** Whether all that this copy holds is known to the other one, which may hold more. */
export function isAncestor(record: MirrorRecord, newest: MirrorRecord): boolean {
  const [epoch] = record.epochs
  return epoch !== undefined && record.storeId === newest.storeId && newest.epochs.includes(epoch)
}

/** No directory has been in a mirror so far. */
function planFirst(
  copies: readonly PlannedCopy[],
  singles: readonly number[],
  lost: readonly string[],
): MirrorPlan {
  const damaged = copies.find(({ copy }) => copy.found === 'damaged')
  if (damaged !== undefined) {
    throw new MirrorError(
      'damaged',
      `${damaged.directory} holds data, and its record is damaged or missing`,
    )
  }
  if (singles.length > 1) {
    const names = singles.map((index) => copies[index]?.directory).join(' and ')
    throw new MirrorError(
      'diverged',
      `${names} each hold a store, and none says which one is newer: empty all but one`,
    )
  }
  if (singles.length === 1) return { base: null, members: singles }
  const absent = copies.filter(({ copy, directory }) => {
    return copy.found === 'absent' && !lost.includes(directory)
  })
  if (absent.length > 0) {
    throw new MirrorError(
      'incomplete',
      `no store is in the mirror so far, and it may be in a directory that is not there: ${inWords(absent)}`,
    )
  }
  const empty = [...copies.keys()].filter((index) => copies[index]?.copy.found === 'empty')
  return { base: null, members: empty }
}

function newestOf(held: readonly Held[]): MirrorRecord {
  const complete = held.filter(({ record }) => record.state === 'complete')
  if (complete.length === 0) {
    const names = held.map(({ directory }) => directory).join(', ')
    throw new MirrorError(
      'incomplete',
      `${names} was still being filled and holds only a part: the directory it was filled from is needed`,
    )
  }
  const newest = complete.reduce((best, each) =>
    each.record.generation > best.record.generation ? each : best,
  )
  const rivals = complete.filter(
    ({ record }) =>
      record.generation === newest.record.generation &&
      record.epochs[0] !== newest.record.epochs[0],
  )
  if (rivals.length > 0) throw diverged([newest, ...rivals], 'have each gone on without the other')
  return newest.record
}

interface Knowledge {
  readonly held: readonly Held[]
  readonly newest: MirrorRecord
  readonly lost: readonly string[]
  readonly copies: readonly PlannedCopy[]
}

/** The place of a member that is complete; null for one that is stale, or lost. */
function trusted(member: MirrorMember, { held, newest, lost, copies }: Knowledge): number | null {
  const found = held.find(({ record }) => record.copy === member.copy)
  if (found !== undefined) {
    const isCurrent =
      found.record.state === 'complete' && found.record.epochs[0] === newest.epochs[0]
    return isCurrent ? found.index : null
  }
  if (lost.includes(member.directory)) return null
  const here = held.map(({ directory }) => directory).join(', ')
  throw new MirrorError(
    'incomplete',
    `${here} may be stale: ${member.directory} was in use beside it and may have gone on alone ` +
      `(${inWords(copies)}). Bring it back; or, if it is gone for good, start once with ` +
      `--mirror-lost ${member.directory}`,
  )
}

function diverged(held: readonly Held[], what: string): MirrorError {
  const names = held.map(({ directory }) => directory).join(' and ')
  return new MirrorError('diverged', `${names} ${what}: keep one, and empty what shall be refilled`)
}

function inWords(copies: readonly PlannedCopy[]): string {
  return copies.map(({ directory, copy }) => `${directory}: ${stateOf(copy)}`).join('; ')
}

function stateOf(copy: FoundCopy): string {
  switch (copy.found) {
    case 'absent':
      return copy.reason
    case 'empty':
      return 'empty'
    case 'single':
      return 'a store without a mirror record'
    case 'copy':
      return copy.record.state === 'filling'
        ? 'filled in part'
        : `generation ${copy.record.generation}`
    case 'damaged':
      return 'its mirror record is damaged'
    default:
      return unreachable(copy)
  }
}
