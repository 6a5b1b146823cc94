import type { Segments } from '../segment/segments.ts'
import type { FeedCommit } from './catalog.ts'
import { CatalogError } from './errors.ts'
import { journalOrder } from './journal/journal-order.ts'
import { readJournal, SEGMENT_START } from './journal/journal-reader.ts'
import type { KvPosition } from './kv/ordered-kv.ts'
import { journalStart } from './recovery.ts'

export interface FeedSource {
  readonly segments: Segments
  /** Sequence of the first commit that the journal must hold. */
  readonly start: () => number
  /** Position after the last durable commit. */
  readonly end: () => KvPosition
  /** Resolves when `end` has changed, the signal is aborted, or the catalog closes. */
  readonly changed: (signal: AbortSignal) => Promise<void>
  readonly isClosed: () => boolean
}

/**
 * The journal read from a sequence on, then as it grows. Both come from the files: there is one way
 * to read a commit back, and a slow reader costs no memory.
 *
 * @throws CatalogError `trimmed` when commits asked for were given up, `corruption` where the feed
 *   would have a gap, `closed`
 */
export async function* readFeed(
  source: FeedSource,
  since: number,
  signal: AbortSignal,
): AsyncGenerator<FeedCommit> {
  requireKept(source, since)
  let position = startOf(source.segments, since)
  while (!signal.aborted) {
    if (source.isClosed()) throw new CatalogError('closed', 'the catalog is closed')
    const until = source.end().sequence
    if (until <= position.sequence) {
      await source.changed(signal)
      continue
    }
    const before = position.sequence
    for await (const step of kept(source, position, since)) {
      if (step.step !== 'group') throw gap(position.sequence)
      const { commit, end } = step
      if (end.sequence > until) break
      position = end
      let sequence = commit.firstSequence
      for (const item of commit.items) {
        if (sequence > since) yield { sequence, committedAt: commit.committedAt, ...item }
        sequence++
        if (signal.aborted) return
      }
    }
    if (position.sequence === before) throw gap(before)
  }
}

/** The journal behind `from`; what fails because its files have just been given up says so. */
async function* kept(source: FeedSource, from: KvPosition, since: number) {
  let sequence = from.sequence
  try {
    for await (const step of readJournal(source.segments, from)) {
      if (step.step !== 'group') requireKept(source, Math.max(sequence, since))
      else sequence = step.end.sequence
      yield step
    }
  } catch (error) {
    requireKept(source, Math.max(sequence, since))
    throw error
  }
}

function requireKept(source: FeedSource, since: number): void {
  const start = source.start()
  if (since + 1 >= start) return
  const message = `commit ${since + 1} is asked for, and the journal begins with commit ${start}`
  throw new CatalogError('trimmed', message)
}

/** The start of the journal segment that holds the commit after `since`. */
function startOf(segments: Segments, since: number): KvPosition {
  let start = journalStart
  for (const { info } of journalOrder(segments)) {
    const { firstSequence, chain } = info.header
    if (info.state === 'damaged' || firstSequence > since + 1) continue
    start = {
      ...journalStart,
      sequence: firstSequence - 1,
      segment: info.id,
      recordOffset: SEGMENT_START,
      offset: SEGMENT_START,
      chain,
    }
  }
  return start
}

function gap(sequence: number): CatalogError {
  return new CatalogError('corruption', `the journal cannot be read after commit ${sequence}`)
}
