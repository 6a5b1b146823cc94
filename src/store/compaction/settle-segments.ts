/**
 * Finishes, at start, what a crash left of a compaction: a new segment whose commit never came is
 * removed, and so is an old one whose replacement was committed. Each only when what it holds is
 * proven to lie elsewhere too: should the catalog have lost rows, nothing else goes with them.
 */
import type { Catalog } from '../../catalog/catalog.ts'
import type { LineageEntry } from '../../engine/lookup/lineage.ts'
import type { SegmentInfo, Segments } from '../../segment/segments.ts'
import { COMPACTION_LANE, type RecordKey } from '../../segment/types.ts'
import { countGarbage } from '../garbage-total.ts'
import type { CompactionListener } from './events.ts'
import { SegmentFamily } from './segment-family.ts'

export interface SettleParts {
  readonly catalog: Catalog
  readonly segments: Segments
  readonly listener?: CompactionListener
}

/**
 * To be called after the catalog was opened and before the engine is. Resolves with which segments
 * replaced which.
 */
export async function settleSegments(parts: SettleParts): Promise<readonly LineageEntry[]> {
  const { catalog, segments, listener = () => {} } = parts
  const family = SegmentFamily.load(catalog)
  // What cannot be counted now is counted at the next start; until then some space comes back late.
  await countGarbage(catalog).catch((cause: unknown) => {
    listener({ event: 'compaction-failed', cause })
  })
  // Before any segment is made: the file with the highest id may be one of those that are gone.
  segments.reserveIds(family.nextId)
  const all = [...segments.list('data'), ...segments.list('journal')]
  const sealed = new Set(all.filter(({ state }) => state === 'sealed').map(({ id }) => id))
  for (const { id } of all) {
    if (!family.isReplaced(id)) continue
    const isWhole = family.heirs(id).every((heir) => sealed.has(heir))
    if (isWhole) await remove(segments, id, listener)
    else listener({ event: 'segment-kept', segment: id, reason: 'its successor is not whole' })
  }
  const successors = new Set(family.entries.flatMap((entry) => entry.successors))
  for (const segment of successors) {
    const isGone = !segments.has(segment) && !family.isReplaced(segment)
    if (isGone) listener({ event: 'segment-missing', segment })
  }
  const isOrphan = (info: SegmentInfo) =>
    info.lane === COMPACTION_LANE && !family.isSuccessor(info.id) && !family.isReplaced(info.id)
  for (const orphan of segments.list('data').filter(isOrphan)) {
    const others = all.filter((info) => sealed.has(info.id) && !isOrphan(info))
    if (await isRedundant(segments, orphan.id, others)) await remove(segments, orphan.id, listener)
    else listener({ event: 'segment-kept', segment: orphan.id, reason: 'it has no source' })
  }
  return family.entries
}

async function remove(segments: Segments, id: number, listener: CompactionListener): Promise<void> {
  try {
    await segments.removeSegment(id)
    listener({ event: 'segment-removed', segment: id })
  } catch (cause) {
    listener({ event: 'removal-failed', segment: id, cause })
  }
}

/** Whether each record of a segment lies in one of the others as well. */
async function isRedundant(
  segments: Segments,
  orphan: number,
  others: readonly SegmentInfo[],
): Promise<boolean> {
  // Records of one source lie side by side: the last answer is the likeliest next one.
  let ids = others.map(({ id }) => id)
  for await (const step of segments.scan(orphan)) {
    if (step.step !== 'record') continue
    const { blob, number } = step.header
    const home = await homeOf(segments, { blob, number }, ids)
    if (home === null) return false
    if (ids[0] !== home) ids = [home, ...ids.filter((id) => id !== home)]
  }
  return true
}

async function homeOf(
  segments: Segments,
  key: RecordKey,
  ids: readonly number[],
): Promise<number | null> {
  for (const id of ids) {
    if (!segments.has(id) || !segments.mayHold(id, key)) continue
    if ((await segments.find(id, key)).place !== null) return id
  }
  return null
}
