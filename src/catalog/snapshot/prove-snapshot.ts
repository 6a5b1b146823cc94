/**
 * Proves a snapshot: that it holds what the journal makes of the snapshot before it. A snapshot is
 * written from the index, and an index that has lost a page to its disk may show rows as they once
 * were, every checksum in order. The journal must not be given up for such a snapshot.
 *
 * Memory is bounded: what the journal changed is gathered for one part of the keys at a time.
 */
import { nextTurn } from '../../base/next-turn.ts'
import type { SegmentInfo, Segments } from '../../segment/segments.ts'
import type { Entry } from '../catalog.ts'
import { readJournal } from '../journal/journal-reader.ts'
import type { KvPosition } from '../kv/ordered-kv.ts'
import type { PageCodec } from './page-codec.ts'
import { EntryCursor, readPages } from './read-pages.ts'
import { passOf, RowChanges } from './row-changes.ts'

export interface ProofParts {
  readonly segments: Segments
  readonly codec: PageCodec | null
  readonly signal: AbortSignal
  /** Bytes of commits whose changes are held in memory at a time. */
  readonly passSize?: number
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
  /**
   * Of entries, from the first one on, in order; asked for once for each part of the keys. Lets the
   * event loop run between pages.
   */
  readonly pages: () => AsyncIterator<readonly Entry[]>
}

/** `unprovable`: the journal between the two cannot be read whole. */
export type Proof = 'proven' | 'unprovable' | 'wrong'

/** Some 45 MiB of memory for PUTs, and up to three times as much for deletes, or very long names. */
const PASS_SIZE = 128 * 1024 * 1024
/**
 * Changes of rows between two turns of the event loop: two or three milliseconds of work. With less
 * a server that writes as fast as it can would outrun the proof for ever.
 */
const STEP_CHANGE_COUNT = 4000

/** @throws the signal's reason; CatalogError, SegmentError when a snapshot cannot be read */
export function proveSnapshot(
  parts: ProofParts,
  from: ProvenFrom,
  { id, position }: SnapshotToProve,
): Promise<Proof> {
  return proveEntries(parts, from, { position, pages: () => pagesOf(parts, id) })
}

/** As `proveSnapshot`, of entries that lie anywhere. */
export async function proveEntries(
  parts: ProofParts,
  from: ProvenFrom,
  target: EntriesToProve,
): Promise<Proof> {
  const size = target.position.commitSize - from.position.commitSize
  const passCount = Math.max(1, Math.ceil(size / (parts.passSize ?? PASS_SIZE)))
  for (let pass = 0; pass < passCount; pass++) {
    const isOfPass = (key: Uint8Array) => passCount === 1 || passOf(key, passCount) === pass
    const changes = await gather(parts, { from: from.position, to: target.position, isOfPass })
    if (changes === null) return 'unprovable'
    const base = new EntryCursor(
      from.snapshot === null ? noPages() : pagesOf(parts, from.snapshot.id),
    )
    const entries = new EntryCursor(target.pages())
    try {
      const { signal } = parts
      const isSame = await matches({ base, changes, target: entries, isOfPass, signal })
      if (!isSame) return 'wrong'
    } finally {
      // A walk that is not over holds its file open.
      await base.close()
      await entries.close()
    }
  }
  return 'proven'
}

interface JournalPiece {
  readonly from: KvPosition
  readonly to: KvPosition
  readonly isOfPass: (key: Uint8Array) => boolean
}

/** Null when the journal has a gap there, or damage. */
async function gather(
  { segments, signal }: ProofParts,
  { from, to, isOfPass }: JournalPiece,
): Promise<RowChanges | null> {
  const changes = new RowChanges()
  let { sequence } = from
  let changeCount = 0
  for await (const step of readJournal(segments, from, { rowsOnly: true })) {
    signal.throwIfAborted()
    if (step.step !== 'group' || step.commit.firstSequence !== sequence + 1) return null
    if (step.end.sequence > to.sequence) break
    for (const { puts, deletes, adds } of step.commit.items) {
      for (const { key, value } of puts) if (isOfPass(key)) changes.set(key, value)
      for (const key of deletes) if (isOfPass(key)) changes.set(key, null)
      for (const { key, delta } of adds) if (isOfPass(key)) changes.add(key, delta)
      changeCount += puts.length + deletes.length + adds.length
      if (changeCount < STEP_CHANGE_COUNT) continue
      changeCount = 0
      await nextTurn()
    }
    sequence = step.end.sequence
    if (sequence === to.sequence) break
  }
  return sequence === to.sequence ? changes : null
}

interface Comparison {
  readonly base: EntryCursor
  readonly changes: RowChanges
  readonly target: EntryCursor
  readonly isOfPass: (key: Uint8Array) => boolean
  readonly signal: AbortSignal
}

/** Both walks are in key order, so rows of one key meet. Uses the changes up. */
async function matches({ base, changes, target, isOfPass, signal }: Comparison): Promise<boolean> {
  const turn = (cursor: EntryCursor) => {
    signal.throwIfAborted()
    return cursor.turn()
  }
  await turn(base)
  await turn(target)
  for (;;) {
    const before = base.entry
    const after = target.entry
    const order = orderOf(before, after)
    const key = order <= 0 ? before?.key : after?.key
    if (key === undefined) break
    if (isOfPass(key)) {
      const old = order <= 0 ? before!.value : null
      const found = order >= 0 ? after!.value : null
      if (!changes.makes(key, old, found)) return false
    }
    if (order <= 0 && !base.advance()) await turn(base)
    if (order >= 0 && !target.advance()) await turn(target)
  }
  return changes.leaveNothing()
}

/** Negative: the first one's key comes first; 0: the same key, or no entries at all. */
function orderOf(one: Entry | null, other: Entry | null): number {
  if (one === null || other === null) return (one === null ? 1 : 0) - (other === null ? 1 : 0)
  return Buffer.compare(one.key, other.key)
}

function pagesOf({ segments, codec }: ProofParts, id: number): AsyncIterator<readonly Entry[]> {
  return readPages(segments, id, codec)
}

async function* noPages(): AsyncGenerator<readonly Entry[]> {}
