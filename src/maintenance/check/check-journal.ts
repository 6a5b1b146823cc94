/** The journal from its first commit on, its chain, and what of it the snapshots hold. */
import { journalOrder } from '../../catalog/journal/journal-order.ts'
import { readJournal, SEGMENT_START } from '../../catalog/journal/journal-reader.ts'
import type { KvPosition } from '../../catalog/kv/ordered-kv.ts'
import { journalStart } from '../../catalog/recovery.ts'
import type { PageCodec } from '../../catalog/snapshot/page-codec.ts'
import { listSnapshots, verifySnapshot } from '../../catalog/snapshot/read-snapshot.ts'
import type { Segments } from '../../segment/segments.ts'
import type { FindingList } from '../findings.ts'

export interface JournalSums {
  readonly commits: number
  readonly lastSequence: number
  readonly snapshots: number
}

export interface JournalCheckParts {
  readonly segments: Segments
  readonly pageCodec: PageCodec | null
  readonly findings: FindingList
  readonly signal: AbortSignal
}

export async function checkJournal(parts: JournalCheckParts): Promise<JournalSums> {
  const { segments, findings, signal } = parts
  const snapshots = await checkSnapshots(parts)
  if (journalOrder(segments).length === 0 && segments.list('data').length > 0) {
    findings.damage('journal', 'journal', 'is not there, and there are data segments')
  }
  const begin = journalBegin(segments)
  const isCovered = begin.sequence === 0 || snapshots.some((each) => each >= begin.sequence)
  if (!isCovered) {
    const what = `begins after commit ${begin.sequence}, and no snapshot holds what came before`
    findings.damage('journal', 'journal', what)
  }
  let [commits, lastSequence] = [0, begin.sequence]
  for await (const step of readJournal(segments, begin)) {
    signal.throwIfAborted()
    if (step.step !== 'group') {
      const { segment, offset, field } = step.finding
      findings.damage('journal', `journal segment ${segment}`, `at ${offset}: ${field}`)
    }
    if (step.step === 'finding') continue
    lastSequence = step.end.sequence
    if (step.step === 'group') commits += step.commit.items.length
  }
  return { commits, lastSequence, snapshots: snapshots.length }
}

/** Just before the first commit that is still there. */
export function journalBegin(segments: Segments): KvPosition {
  const first = journalOrder(segments).find(({ info }) => info.state !== 'damaged')
  const info = first?.info
  if (info === undefined || info.header.firstSequence <= 1) return journalStart
  return {
    ...journalStart,
    sequence: info.header.firstSequence - 1,
    segment: info.id,
    recordOffset: SEGMENT_START,
    offset: SEGMENT_START,
    chain: info.header.chain,
  }
}

/** Sequences of those that verify. */
async function checkSnapshots({
  segments,
  pageCodec,
  findings,
  signal,
}: JournalCheckParts): Promise<readonly number[]> {
  const sequences: number[] = []
  for (const info of listSnapshots(segments)) {
    signal.throwIfAborted()
    const { firstSequence } = info.header
    if ((await verifySnapshot(segments, info, pageCodec)) !== null) sequences.push(firstSequence)
    else findings.damage('snapshot', `snapshot ${firstSequence}`, 'does not verify')
  }
  return sequences
}
