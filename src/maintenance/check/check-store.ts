import { SegmentError } from '../../segment/errors.ts'
import { SegmentFamily } from '../../store/compaction/segment-family.ts'
import { MaintenanceError } from '../errors.ts'
import { type Finding, FindingList } from '../findings.ts'
import type { StoreGround } from '../store-ground.ts'
import { type HeldStore, holdStore, openView, type StoreView } from '../view/store-view.ts'
import { BlobTable } from './blob-table.ts'
import { checkIndex } from './check-index.ts'
import { checkJournal, type JournalSums } from './check-journal.ts'
import { checkRows, type RowSums } from './check-rows.ts'
import { checkSegments, compareBlobs, type SegmentSums } from './check-segments.ts'

export interface CheckOptions {
  /**
   * Which payloads are read: none, all, or those of one part of the segments out of so many: after
   * all parts every payload was read.
   */
  readonly payloads: 'none' | 'all' | { readonly part: number; readonly of: number }
  readonly signal?: AbortSignal
}

export interface CheckReport {
  /** serving: a server has the store, and what was checked is one moment of it, without index. */
  readonly state: HeldStore['state']
  readonly isIndexChecked: boolean
  readonly journal: JournalSums
  readonly rows: RowSums
  readonly segments: SegmentSums
  readonly damageCount: number
  readonly noteCount: number
  /** The first ten thousand. */
  readonly findings: readonly Finding[]
}

/**
 * Looks at everything a store consists of and says what is not as it should be. Changes nothing on
 * the disk, and may run while a server has the store: it then sees one moment of it.
 *
 * @throws MaintenanceError `unusable`; the signal's reason
 */
export async function checkStore(ground: StoreGround, options: CheckOptions): Promise<CheckReport> {
  await using held = await holdStore(ground, { serving: 'allowed' })
  return await checkHeld(ground, held, options)
}

/** As `checkStore`, of a store that is held already. */
export async function checkHeld(
  ground: StoreGround,
  held: HeldStore,
  options: CheckOptions,
): Promise<CheckReport> {
  const signal = options.signal ?? new AbortController().signal
  const findings = new FindingList()
  await using view = await readable(() => openView(ground, held))
  tellEvents(view, findings)
  const family = SegmentFamily.load(view.catalog)
  const blobs = new BlobTable()
  const { segments, catalog } = view
  const { pageCodec } = ground
  const journal = await checkJournal({ segments, pageCodec, findings, signal })
  checkLineage(view, family, findings)
  const rows = checkRows({ catalog, family, blobs, findings })
  const readsPayloads = payloadChoice(options.payloads)
  const parts = { segments, family, blobs, findings, readsPayloads, signal }
  const sums = await checkSegments(parts)
  compareBlobs(parts, held.state === 'serving')
  const isAlone = held.state === 'alone'
  const isIndexChecked = isAlone && (await checkIndex({ ground, held, view }, findings))
  for (const { file, offset, field } of segments.findings) {
    findings.damage('segment', file, `at ${offset}: ${field}`)
  }
  return {
    state: held.state,
    isIndexChecked,
    journal,
    rows,
    segments: sums,
    damageCount: findings.damageCount,
    noteCount: findings.noteCount,
    findings: findings.all,
  }
}

function tellEvents({ events, settled }: StoreView, findings: FindingList): void {
  for (const event of settled) {
    if (event.event === 'segment-kept') {
      findings.note('segment', `segment ${event.segment}`, `is kept at a start: ${event.reason}`)
    }
    if (event.event === 'segment-removed') {
      findings.note(
        'segment',
        `segment ${event.segment}`,
        'is of no use, and goes at the next start',
      )
    }
  }
  for (const event of events) {
    if (event.event === 'finding') {
      const { segment, offset, field } = event.finding
      findings.damage('journal', `journal segment ${segment}`, `at ${offset}: ${field}`)
    }
    if (event.event === 'snapshotRefused') {
      findings.damage('snapshot', `segment ${event.segment}`, `${event.field} does not verify`)
    }
  }
}

/** Every segment that was replaced leads to segments that are there, and to none twice. */
function checkLineage({ segments }: StoreView, family: SegmentFamily, findings: FindingList): void {
  for (const { replaced, successors } of family.entries) {
    for (const successor of successors) {
      if (successor <= replaced) {
        const what = `names ${successor} as successor, which is older`
        findings.damage('lineage', `segment ${replaced}`, what)
      } else if (!segments.has(successor) && !family.isReplaced(successor)) {
        const what = `its successor ${successor} is not there`
        findings.damage('lineage', `segment ${replaced}`, what)
      }
    }
  }
}

function payloadChoice(payloads: CheckOptions['payloads']): (id: number) => boolean {
  if (payloads === 'none') return () => false
  if (payloads === 'all') return () => true
  const { part, of } = payloads
  return (id) => id % of === part - 1
}

/** A store of a later version, or whose tiers are not there, is none that can be looked at. */
async function readable<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run()
  } catch (cause) {
    if (!(cause instanceof SegmentError)) throw cause
    throw new MaintenanceError('unusable', cause.message, { cause })
  }
}
