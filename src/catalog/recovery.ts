/**
 * Brings an index to the end of the journal: by replaying what it has not seen, or, when it cannot
 * be trusted, by building its successor from a snapshot and the journal.
 */
import { SegmentError } from '../segment/errors.ts'
import type { SegmentInfo, Segments } from '../segment/segments.ts'
import type { SegmentKind } from '../segment/types.ts'
import { CatalogIndex } from './catalog-index.ts'
import { addToCounter } from './counter.ts'
import { CatalogError } from './errors.ts'
import type { CatalogListener } from './events.ts'
import {
  type CommitItem,
  chainAfter,
  chainStart,
  decodeCommitHeader,
} from './journal/commit-record.ts'
import { type JournalPart, journalOrder } from './journal/journal-order.ts'
import { readJournal, SEGMENT_START } from './journal/journal-reader.ts'
import { decodeJournalStart, journalStartKey } from './journal/journal-start.ts'
import { journalError } from './journal/journal-writer.ts'
import { asBuffer, keyText } from './key-text.ts'
import type { KvPosition, OrderedKv } from './kv/ordered-kv.ts'
import type { PageCodec } from './snapshot/page-codec.ts'
import { loadSnapshot } from './snapshot/read-snapshot.ts'

export interface RecoveryParts {
  readonly segments: Segments
  readonly listener: CatalogListener
  /** Rows held in memory before they go to the index. */
  readonly flushRowCount: number
  /** Of snapshot pages. */
  readonly codec: PageCodec | null
  /** Whether to go on with what there is, though it is known that commits are missing. */
  readonly acceptsLoss: boolean
  /** Ends a rebuild early; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/** Before the first commit. */
export const journalStart: KvPosition = {
  sequence: 0,
  segment: 0,
  recordOffset: 0,
  offset: 0,
  chain: chainStart,
  commitSize: 0,
}

export interface Recovered {
  readonly index: CatalogIndex
  /** Where the journal goes on. */
  readonly end: KvPosition
  readonly replayedCommitCount: number
}

/**
 * Takes `kv` over, and closes it when it has to be replaced.
 *
 * @throws CatalogError `corruption` when there is no beginning to start from
 */
export async function recover(parts: RecoveryParts, kv: OrderedKv): Promise<Recovered> {
  const { segments, listener } = parts
  await makeTailDurable(segments)
  const reason = await reasonToRebuild(parts, kv.position)
  let index: CatalogIndex
  let replayedCommitCount: number
  if (reason === null) {
    index = new CatalogIndex(kv)
    replayedCommitCount = await replay(parts, index, Number.POSITIVE_INFINITY)
  } else {
    const startedAt = performance.now()
    listener({ event: 'rebuildStarted', reason, cause: null })
    if (kv.position !== null) {
      // It was filled from this journal: what does not fit it is missing from the journal now.
      const { segment, offset } = kv.position
      listener({ event: 'finding', finding: { segment, offset, field: reason } })
    }
    const isEmpty = journalOrder(segments).length + segments.list('snapshot').length === 0
    if (isEmpty && (kv.position?.sequence ?? 0) > 0 && !parts.acceptsLoss) {
      throw noBeginning('there is no journal')
    }
    const fresh = await kv.successor()
    const rebuilt = await rebuild(parts, fresh, Number.POSITIVE_INFINITY).catch(async (error) => {
      await fresh[Symbol.asyncDispose]()
      throw error
    })
    await kv[Symbol.asyncDispose]()
    index = rebuilt.index
    replayedCommitCount = rebuilt.replayedCommitCount
    const sequence = index.position?.sequence ?? 0
    listener({ event: 'rebuilt', sequence, durationMs: performance.now() - startedAt })
  }
  const end = index.position ?? journalStart
  await sealFound(segments, end, listener)
  return { index, end, replayedCommitCount }
}

/**
 * A killed process may have left commits that it had written and not synced. They are made durable
 * before anybody sees them: what has been seen must not go with the next power loss. Only the last
 * segment can hold such.
 *
 * @throws CatalogError `unavailable`, `disk-full`
 */
async function makeTailDurable(segments: Segments): Promise<void> {
  const last = journalOrder(segments).at(-1)
  if (last === undefined) return
  try {
    await segments.makeDurable(last.info.id)
  } catch (cause) {
    if (cause instanceof SegmentError) throw cause
    throw journalError(cause)
  }
}

/**
 * Fills an empty index with everything up to and including sequence `until`; its position is there
 * when it resolves. The caller disposes of `kv` when it rejects.
 */
export async function rebuild(
  parts: RecoveryParts,
  kv: OrderedKv,
  until: number,
): Promise<{ readonly index: CatalogIndex; readonly replayedCommitCount: number }> {
  const loaded = await loadSnapshot(parts, kv)
  if (loaded !== null) parts.segments.reserveIds(loaded.end.nextSegmentId)
  else if (!parts.acceptsLoss) requireBeginning(parts.segments)
  const index = new CatalogIndex(kv)
  const replayedCommitCount = await replay(parts, index, until)
  if (!parts.acceptsLoss) requireContinuation(index, loaded?.end.position.sequence ?? 0)
  // A position even without a commit: an index without one counts as unfinished.
  if (index.position === null) index.advance(journalStart)
  await index.flush()
  return { index, replayedCommitCount }
}

/**
 * Without a snapshot everything is told by the journal, if it has its beginning.
 *
 * @throws CatalogError `corruption`
 */
function requireBeginning(segments: Segments): void {
  const first = journalOrder(segments)[0]?.info
  if (first === undefined) {
    const isNew = segments.list('data').length === 0 && segments.list('snapshot').length === 0
    if (isNew) return
    throw noBeginning('there is no journal')
  }
  // One without its header is read for what it holds.
  const { firstSequence } = first.header
  if (first.state === 'damaged' || firstSequence <= 1) return
  throw noBeginning(`the journal begins with commit ${firstSequence}`)
}

/**
 * What was given up of the journal must be in the snapshot that was loaded.
 *
 * @throws CatalogError `corruption`
 */
function requireContinuation(index: CatalogIndex, loadedSequence: number): void {
  const start = decodeJournalStart(index.get(journalStartKey))
  if (loadedSequence + 1 < start) throw noBeginning(`the journal begins with commit ${start}`)
}

function noBeginning(what: string): CatalogError {
  const message = `${what}, and no snapshot of the commits before it verifies: bring one back from a backup`
  return new CatalogError('corruption', message)
}

/** Applies what the journal holds behind the index; resolves with the number of commits. */
async function replay(parts: RecoveryParts, index: CatalogIndex, until: number): Promise<number> {
  const { segments, listener, flushRowCount, signal } = parts
  let commitCount = 0
  for await (const step of readJournal(segments, index.position ?? journalStart)) {
    if (step.step !== 'group') listener({ event: 'finding', finding: step.finding })
    if (step.step === 'finding') continue
    if (step.end.sequence > until) break
    if (step.step === 'group') {
      for (const item of step.commit.items) applyItem(index, item)
      segments.reserveIds(step.commit.nextSegmentId)
      commitCount += step.commit.items.length
    }
    index.advance(step.end)
    if (index.activeRowCount >= flushRowCount) await index.flush()
    signal?.throwIfAborted()
  }
  return commitCount
}

/** Rows are copied: they are cut from large pieces of the journal that shall not stay in memory. */
function applyItem(index: CatalogIndex, { puts, deletes, adds }: CommitItem): void {
  for (const { key, value } of puts) index.set(keyText(key), Buffer.from(value))
  for (const key of deletes) index.set(keyText(key), null)
  for (const { key, delta } of adds) {
    const text = keyText(key)
    index.set(text, addToCounter(index.getText(text, key), delta))
  }
}

/** Why an index with this position is not one of this journal; null when it is. */
async function reasonToRebuild(
  { segments, listener }: RecoveryParts,
  position: KvPosition | null,
): Promise<string | null> {
  const order = journalOrder(segments)
  const isNew = ['journal', 'snapshot', 'data'].every(
    (kind) => segments.list(kind as SegmentKind).length === 0,
  )
  if (position === null) return isNew ? null : 'no index'
  if (position.sequence === 0) {
    const first = order[0]?.info.header.firstSequence ?? 0
    return first > 1 ? 'the index is behind the journal' : null
  }
  const part = order.find(({ info }) => info.id === position.segment)
  if (part === undefined) return 'the journal segment of the index is not there'
  const dataEnd = part.next?.previousEnd ?? part.info.dataSize
  if (position.sequence >= part.sequenceLimit || position.offset > dataEnd) {
    return 'the index is ahead of the journal'
  }
  if (position.recordOffset === position.offset) return chainsMeet(part, position)
  try {
    const place = { segment: position.segment, offset: position.recordOffset }
    const { header, payload } = await segments.read(place)
    if (header.kind !== 'commit') return 'the index is of another journal'
    const { firstSequence, itemCount, nextSegmentId } = decodeCommitHeader(asBuffer(payload))
    const isSame =
      firstSequence + itemCount - 1 === position.sequence &&
      Buffer.compare(chainAfter(payload), position.chain) === 0
    if (!isSame) return 'the index is of another journal'
    // It may be the last commit there is, and the segments of these ids may be gone.
    segments.reserveIds(nextSegmentId)
    return null
  } catch (error) {
    if (!(error instanceof SegmentError) || error.kind !== 'corruption') throw error
    // The journal is damaged just there, and the index has what it held: the index is kept.
    const { segment, recordOffset } = position
    const field = error.detail.field ?? 'record'
    listener({ event: 'finding', finding: { segment, offset: recordOffset, field } })
    return followerFits(segments, position)
  }
}

/** For a position whose own record is damaged: the next one says what chain it goes on from. */
async function followerFits(segments: Segments, position: KvPosition): Promise<string | null> {
  for await (const step of readJournal(segments, position)) {
    if (step.step !== 'group') continue
    const { firstSequence, chain } = step.commit
    const isNext = firstSequence === position.sequence + 1
    const meets = Buffer.compare(chain, position.chain) === 0
    return isNext && !meets ? 'the index is of another journal' : null
  }
  return null
}

/** For a position behind commits that were lost, where no record vouches for the chain. */
function chainsMeet({ info }: JournalPart, { chain }: KvPosition): string | null {
  const known = [info.header.chain, info.end?.chain]
  return known.some((value) => value !== undefined && Buffer.compare(value, chain) === 0)
    ? null
    : 'the index is of another journal'
}

/**
 * Seals the journal segments that an earlier process left unsealed, each at the end of what counts
 * in it. A segment that cannot be sealed is tried again at the next start.
 */
async function sealFound(
  segments: Segments,
  end: KvPosition,
  listener: CatalogListener,
): Promise<void> {
  const parts = new Map(journalOrder(segments).map((part) => [part.info.id, part]))
  for (const info of segments.list('journal')) {
    if (info.state !== 'unsealed') continue
    const seal = sealOf(info, parts.get(info.id), end)
    if (seal === null) continue
    try {
      await segments.seal(info.id, seal.dataEnd, { sequence: seal.sequence, chain: seal.chain })
      listener({ event: 'segmentSealed', segment: info.id })
    } catch (cause) {
      listener({ event: 'sealFailed', segment: info.id, cause })
    }
  }
}

interface Seal {
  readonly dataEnd: number
  readonly sequence: number
  readonly chain: Uint8Array
}

/** Null when nobody can tell where the segment ends: its successor has lost its header. */
function sealOf(info: SegmentInfo, part: JournalPart | undefined, end: KvPosition): Seal | null {
  const { firstSequence, chain } = info.header
  // Nothing in it was ever acknowledged.
  if (part === undefined) return { dataEnd: SEGMENT_START, sequence: firstSequence, chain }
  if (part.next !== null) {
    const { previousEnd, firstSequence: sequence, chain: chainOfNext } = part.next
    return { dataEnd: previousEnd, sequence, chain: chainOfNext }
  }
  if (!part.isLast) return null
  const dataEnd = end.segment === info.id ? end.offset : SEGMENT_START
  return { dataEnd, sequence: end.sequence + 1, chain: end.chain }
}
