/**
 * Reads the journal back: every group that counts, in order, with its place in the hash chain.
 *
 * The last group of the last segment may be torn: it counts only when its commit record and all its
 * attachments verify. Whatever a later record knew to be durable is not torn but damaged: that is
 * reported, and what follows it is read on.
 */
import type { ScanStep, Segments } from '../../segment/segments.ts'
import { recordSpan } from '../../segment/types.ts'
import { CatalogError } from '../errors.ts'
import type { JournalFinding } from '../events.ts'
import type { KvPosition } from '../kv/ordered-kv.ts'
import { type Commit, chainAfter, decodeCommit } from './commit-record.ts'
import { type JournalPart, journalOrder } from './journal-order.ts'

export type JournalStep =
  | { readonly step: 'group'; readonly commit: Commit; readonly end: KvPosition }
  | { readonly step: 'finding'; readonly finding: JournalFinding }
  /** The commits up to `end` cannot be read; their sequences are used all the same. */
  | { readonly step: 'lost'; readonly finding: JournalFinding; readonly end: KvPosition }

export interface JournalReading {
  /**
   * What rides in the groups is not looked at: for who knows them to be durable, and asks for rows
   * only. Groups count then whatever has become of it.
   */
  readonly rowsOnly?: boolean
}

/** Groups after `from`, oldest first, up to what is durable. */
export async function* readJournal(
  segments: Segments,
  from: KvPosition,
  { rowsOnly = false }: JournalReading = {},
): AsyncGenerator<JournalStep> {
  let position = from
  for (const part of journalOrder(segments)) {
    if (part.info.id < from.segment || part.sequenceLimit <= position.sequence + 1) continue
    const reader = new PartReader(part, position)
    yield* reader.begin()
    const start = from.segment === part.info.id ? { from: from.offset } : {}
    const to = part.next === null ? {} : { to: part.next.previousEnd }
    const payloads = { payloads: true, ...(rowsOnly && { payloadKind: 'commit' as const }) }
    for await (const step of segments.scan(part.info.id, { ...start, ...to, ...payloads })) {
      if (reader.passes(step)) continue
      yield* reader.take(step)
      if (reader.isDone) break
    }
    yield* reader.finish()
    position = reader.position
  }
}

type Damage = ScanStep & { readonly step: 'damage' }
type Group = JournalStep & { readonly step: 'group' }

class PartReader {
  readonly #part: JournalPart
  readonly #segment: number
  position: KvPosition
  isDone = false
  /** Damage since the last commit record that verified. */
  #damages: Damage[] = []
  /** What the records so far knew to be durable. */
  #durableEnd = 0
  /** A whole commit record with damage among its attachments: torn, unless it was durable once. */
  #suspect: { readonly group: Group; readonly damage: Damage } | null = null

  constructor(part: JournalPart, position: KvPosition) {
    this.#part = part
    this.#segment = part.info.id
    this.position = position
  }

  /** Commits are missing between the segment before and this one. */
  *begin(): Generator<JournalStep> {
    const { header, state } = this.#part.info
    if (state === 'damaged' || header.firstSequence <= this.position.sequence + 1) return
    yield this.#lost(0, header.firstSequence - 1, header.chain)
  }

  /** Most records are blobs that ride in a group: of them there is nothing to tell. */
  passes(step: ScanStep): boolean {
    if (step.step !== 'record' || step.header.kind === 'commit' || this.#suspect !== null)
      return false
    this.#durableEnd = Math.max(this.#durableEnd, step.header.durableEnd)
    return true
  }

  *take(step: ScanStep): Generator<JournalStep> {
    if (step.step === 'damage') this.#damages.push(step)
    if (step.step !== 'record') return
    const { kind, place, storedSize, durableEnd } = step.header
    this.#durableEnd = Math.max(this.#durableEnd, durableEnd)
    if (this.#suspect !== null && durableEnd > this.#suspect.damage.start) {
      yield* this.#acceptSuspect()
    }
    if (kind !== 'commit') return
    const commit = decoded(step.payload)
    if (commit === null) {
      yield this.#finding(place.offset, 'commit payload')
      return
    }
    if (commit.firstSequence >= this.#part.sequenceLimit) {
      this.isDone = true
      return
    }
    const damage = this.#damages.find(({ end }) => end > commit.groupStart) ?? null
    for (const other of this.#damages) {
      if (other !== damage) yield this.#finding(other.start, other.field)
    }
    this.#damages = []
    yield* this.#discontinuity(commit, place.offset)
    if (commit.firstSequence <= this.position.sequence) return
    const end = this.#endOf(commit, step.payload, place.offset + recordSpan(storedSize))
    const group: Group = { step: 'group', commit, end: { ...end, recordOffset: place.offset } }
    if (damage === null) yield* this.#accept(group)
    else {
      this.#suspect = { group, damage }
      if (!this.#mayBeTorn) yield* this.#acceptSuspect()
    }
  }

  *finish(): Generator<JournalStep> {
    const suspects = this.#suspect === null ? [] : [this.#suspect.damage]
    for (const { start, field } of [...suspects, ...this.#damages]) {
      if (!this.#mayBeTorn || start < this.#durableEnd) yield this.#finding(start, field)
    }
    if (this.#mayBeTorn) return
    const { end, dataSize } = this.#part.info
    if (end !== null && end.sequence - 1 > this.position.sequence) {
      const last = Math.min(end.sequence, this.#part.sequenceLimit) - 1
      if (last > this.position.sequence) yield this.#lost(dataSize, last, end.chain)
    }
  }

  get #mayBeTorn(): boolean {
    const { isLast, info } = this.#part
    return isLast && (info.state === 'unsealed' || info.state === 'damaged')
  }

  *#acceptSuspect(): Generator<JournalStep> {
    if (this.#suspect === null) return
    const { group, damage } = this.#suspect
    this.#suspect = null
    yield this.#finding(damage.start, damage.field)
    yield* this.#accept(group)
  }

  *#accept(group: Group): Generator<JournalStep> {
    this.position = group.end
    yield group
  }

  *#discontinuity(commit: Commit, offset: number): Generator<JournalStep> {
    const { sequence, chain } = this.position
    if (commit.firstSequence !== sequence + 1) yield this.#finding(offset, 'sequence')
    else if (Buffer.compare(commit.chain, chain) !== 0) yield this.#finding(offset, 'chain')
  }

  #endOf(commit: Commit, payload: Buffer | null, offset: number): KvPosition {
    const bytes = payload ?? Buffer.alloc(0)
    return {
      sequence: commit.firstSequence + commit.items.length - 1,
      segment: this.#segment,
      recordOffset: offset,
      offset,
      chain: chainAfter(bytes),
      commitSize: this.position.commitSize + bytes.length,
    }
  }

  #lost(offset: number, sequence: number, chain: Uint8Array): JournalStep {
    const { commitSize } = this.position
    const at = Math.max(offset, SEGMENT_START)
    const end = {
      sequence,
      segment: this.#segment,
      recordOffset: at,
      offset: at,
      chain,
      commitSize,
    }
    this.position = end
    return { step: 'lost', finding: { segment: this.#segment, offset, field: 'commits' }, end }
  }

  #finding(offset: number, field: string): JournalStep {
    return { step: 'finding', finding: { segment: this.#segment, offset, field } }
  }
}

/** Where the records of a segment begin (docs/format.md#segment-header-128-bytes). */
export const SEGMENT_START = 128

/** Null for a payload that verifies and still is none: written by something that is no Varve. */
function decoded(payload: Buffer | null): Commit | null {
  try {
    return payload === null ? null : decodeCommit(payload)
  } catch (error) {
    if (error instanceof CatalogError) return null
    throw error
  }
}
