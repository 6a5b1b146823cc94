/**
 * Proves a snapshot: that it holds what the journal makes of the snapshot before it. A snapshot is
 * written from the index, and an index that has lost a page to its disk may show rows as they once
 * were, every checksum in order. The journal must not be given up for such a snapshot.
 *
 * Memory is bounded: what the journal changed is gathered for one part of the keys at a time.
 */
import { crc32c } from '@node-rs/crc32'
import { nextTurn } from '../../base/next-turn.ts'
import type { SegmentInfo, Segments } from '../../segment/segments.ts'
import type { Entry } from '../catalog.ts'
import { addToCounter } from '../counter.ts'
import type { CommitItem } from '../journal/commit-record.ts'
import { readJournal } from '../journal/journal-reader.ts'
import { keyText } from '../key-text.ts'
import type { KvPosition } from '../kv/ordered-kv.ts'
import type { Row } from '../overlay.ts'
import type { PageCodec } from './page-codec.ts'
import { readEntries } from './read-entries.ts'

export interface ProofParts {
  readonly segments: Segments
  readonly codec: PageCodec | null
  readonly signal: AbortSignal
}

export interface ProvenFrom {
  /** Null: nothing, and the position before the first commit. */
  readonly snapshot: Pick<SegmentInfo, 'id'> | null
  readonly position: KvPosition
}

export interface SnapshotToProve {
  readonly id: number
  readonly position: KvPosition
}

export interface EntriesToProve {
  readonly position: KvPosition
  /** From the first one on, in order; asked for once for each part of the keys. */
  readonly entries: () => AsyncIterator<Entry>
}

/** `unprovable`: the journal between the two cannot be read whole. */
export type Proof = 'proven' | 'unprovable' | 'wrong'

/** Bytes of commits whose changes are held in memory at a time. */
const PASS_SIZE = 64 * 1024 * 1024
/**
 * Commits, and entries, between two turns of the event loop: two or three milliseconds of work
 * each. With less a server that writes as fast as it can would outrun the proof for ever.
 */
const STEP_ITEM_COUNT = 300
const STEP_ENTRY_COUNT = 1000

/** @throws the signal's reason; CatalogError, SegmentError when a snapshot cannot be read */
export function proveSnapshot(
  parts: ProofParts,
  from: ProvenFrom,
  { id, position }: SnapshotToProve,
): Promise<Proof> {
  return proveEntries(parts, from, { position, entries: () => entriesOf(parts, id) })
}

/** As `proveSnapshot`, of entries that lie anywhere. */
export async function proveEntries(
  parts: ProofParts,
  from: ProvenFrom,
  target: EntriesToProve,
): Promise<Proof> {
  const size = target.position.commitSize - from.position.commitSize
  const passCount = Math.max(1, Math.ceil(size / PASS_SIZE))
  for (let pass = 0; pass < passCount; pass++) {
    const isOfPass = (key: Uint8Array) => passCount === 1 || crc32c(key) % passCount === pass
    const changes = await gather(parts, { from: from.position, to: target.position, isOfPass })
    if (changes === null) return 'unprovable'
    const base = from.snapshot === null ? noEntries() : entriesOf(parts, from.snapshot.id)
    const entries = target.entries()
    try {
      const { signal } = parts
      const isSame = await matches({ base, changes, target: entries, isOfPass, signal })
      if (!isSame) return 'wrong'
    } finally {
      // A walk that is not over holds its file open.
      await base.return?.()
      await entries.return?.()
    }
  }
  return 'proven'
}

/** What became of a row: a value that can be compared, or an addition to what was there. */
type RowChange =
  | { readonly kind: 'set'; readonly value: Comparable }
  | { readonly kind: 'added'; delta: number }

/** Counters as they are, other values by size and CRC; null: no row. */
type Comparable = Buffer | string | null

interface JournalPiece {
  readonly from: KvPosition
  readonly to: KvPosition
  readonly isOfPass: (key: Uint8Array) => boolean
}

/** Null when the journal has a gap there, or damage. */
async function gather(
  { segments, signal }: ProofParts,
  { from, to, isOfPass }: JournalPiece,
): Promise<Map<string, RowChange> | null> {
  const changes = new Map<string, RowChange>()
  let { sequence } = from
  let itemCount = 0
  for await (const step of readJournal(segments, from, { rowsOnly: true })) {
    signal.throwIfAborted()
    if (step.step !== 'group' || step.commit.firstSequence !== sequence + 1) return null
    if (step.end.sequence > to.sequence) break
    for (const item of step.commit.items) {
      gatherItem(changes, item, isOfPass)
      if (++itemCount % STEP_ITEM_COUNT === 0) await nextTurn()
    }
    sequence = step.end.sequence
    if (sequence === to.sequence) break
  }
  return sequence === to.sequence ? changes : null
}

function gatherItem(
  changes: Map<string, RowChange>,
  { puts, deletes, adds }: CommitItem,
  isOfPass: (key: Uint8Array) => boolean,
): void {
  for (const { key, value } of puts) {
    if (isOfPass(key)) changes.set(keyText(key), { kind: 'set', value: comparable(value) })
  }
  for (const key of deletes) {
    if (isOfPass(key)) changes.set(keyText(key), { kind: 'set', value: null })
  }
  for (const { key, delta } of adds) {
    if (!isOfPass(key)) continue
    const text = keyText(key)
    const known = changes.get(text)
    if (known?.kind === 'set') changes.set(text, { kind: 'set', value: added(known.value, delta) })
    else if (known === undefined) changes.set(text, { kind: 'added', delta })
    else known.delta += delta
  }
}

interface Comparison {
  readonly base: AsyncIterator<Entry>
  readonly changes: Map<string, RowChange>
  readonly target: AsyncIterator<Entry>
  readonly isOfPass: (key: Uint8Array) => boolean
  readonly signal: AbortSignal
}

/** Both walks are in key order, so rows of one key meet. Uses the changes up. */
async function matches(parts: Comparison): Promise<boolean> {
  const { base, changes, target, isOfPass, signal } = parts
  let before = await base.next()
  let after = await target.next()
  let entryCount = 0
  while (before.done !== true || after.done !== true) {
    const order = orderOf(before, after)
    const key = (order <= 0 ? before.value : after.value)?.key as Buffer
    if (isOfPass(key)) {
      const old = order <= 0 ? comparable(before.value.value) : null
      const found = order >= 0 ? comparable(after.value.value) : null
      if (!isSame(changed(changes, keyText(key), old), found)) return false
    }
    if (order <= 0) before = await base.next()
    if (order >= 0) after = await target.next()
    if (++entryCount % STEP_ENTRY_COUNT !== 0) continue
    await nextTurn()
    signal.throwIfAborted()
  }
  // Of keys in neither there must be nothing now.
  for (const text of [...changes.keys()]) if (changed(changes, text, null) !== null) return false
  return true
}

function changed(changes: Map<string, RowChange>, text: string, old: Comparable): Comparable {
  const change = changes.get(text)
  if (change === undefined) return old
  changes.delete(text)
  return change.kind === 'set' ? change.value : added(old, change.delta)
}

/** As the catalog adds: what is no counter counts as 0. */
function added(value: Comparable, delta: number): Row {
  return addToCounter(typeof value === 'string' ? null : value, delta)
}

const COUNTER_SIZE = 8

function comparable(value: Uint8Array): Comparable {
  if (value.length === COUNTER_SIZE) return Buffer.from(value)
  return `${value.length}:${crc32c(value)}`
}

function isSame(one: Comparable, other: Comparable): boolean {
  if (one === null || other === null || typeof one === 'string' || typeof other === 'string') {
    return one === other
  }
  return one.equals(other)
}

/** Negative: the first one's key comes first; 0: the same key. */
function orderOf(one: IteratorResult<Entry>, other: IteratorResult<Entry>): number {
  if (one.done === true) return 1
  if (other.done === true) return -1
  return Buffer.compare(one.value.key, other.value.key)
}

function entriesOf({ segments, codec }: ProofParts, id: number): AsyncIterator<Entry> {
  return readEntries(segments, id, codec)
}

async function* noEntries(): AsyncGenerator<Entry> {}
