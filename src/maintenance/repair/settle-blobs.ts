/** Every blob is named, or garbage; and leads to where it is. */
import { counterValue } from '../../catalog/catalog.ts'
import type { BlobRef } from '../../engine/blob-store.ts'
import type { LineageEntry } from '../../engine/lookup/lineage.ts'
import type { Place } from '../../segment/types.ts'
import { decodeAudit } from '../../store/rows/audit-row.ts'
import { encodeGarbage } from '../../store/rows/garbage-row.ts'
import {
  auditKey,
  blobOfGarbage,
  garbageKey,
  garbageTotalKey,
  garbageTotalsKept,
  lineageKey,
  spaces,
} from '../../store/rows/keys.ts'
import { encodeLineage } from '../../store/rows/lineage-row.ts'
import { isMarker } from '../../store/rows/marker-row.ts'
import { decodeObject } from '../../store/rows/object-row.ts'
import { decodePart } from '../../store/rows/part-row.ts'
import type { BlobEntry } from '../check/blob-table.ts'
import type { Draft } from './draft.ts'
import { blobName } from './found-blobs.ts'
import { type RepairContext, refsOfObject } from './repair-context.ts'

/** Blobs that some row names, by name. Of rows that decode. */
export function namedBlobs(draft: Draft): ReadonlyMap<string, BlobRef> {
  const named = new Map<string, BlobRef>()
  const name = (refs: readonly BlobRef[]) => {
    for (const ref of refs) named.set(blobName(ref.blob), ref)
  }
  for (const space of [spaces.object, spaces.history]) {
    for (const { value } of draft.rows(space)) {
      if (!isMarker(value)) name(refsOfObject(draft, decodeObject(value)))
    }
  }
  for (const { value } of draft.rows(spaces.part)) {
    const { ref } = decodePart(value)
    if (ref !== null) name([ref])
  }
  return named
}

/** After the rows are as they shall be. */
export async function settleBlobs(context: RepairContext): Promise<void> {
  const named = namedBlobs(context.draft)
  await forgetMissing(context)
  await restoreLineage(context, named)
  await settleGarbage(context, named)
  await countGarbage(context)
}

/** A segment that is gone is no successor: what lay in it is lost, and was dropped. */
async function forgetMissing({ draft, segments, family, actions }: RepairContext): Promise<void> {
  for (const { replaced, successors } of family.entries) {
    const there = successors.filter((id) => segments.has(id) || family.isReplaced(id))
    if (there.length === successors.length) continue
    await draft.set(lineageKey(replaced), encodeLineage(there))
    const why = `of its successors ${successors.join(', ')} not all are there`
    actions.push({ action: 'mended', what: `segment ${replaced}`, why })
  }
}

/**
 * A blob names the segment it was first written to; where that is gone and no row says what
 * replaced it, the records themselves do.
 */
export function lostLineage(
  { found, segments, family }: Pick<RepairContext, 'found' | 'segments' | 'family'>,
  blobs: Iterable<Place>,
): readonly LineageEntry[] {
  const successors = new Map<number, Set<number>>()
  for (const blob of blobs) {
    const { segment } = blob
    if (segments.has(segment) || family.isReplaced(segment)) continue
    const heirs = successors.get(segment) ?? new Set()
    for (const [heir] of found.table.get(blob)?.found ?? []) heirs.add(heir)
    successors.set(segment, heirs)
  }
  return [...successors].map(([replaced, heirs]) => ({ replaced, successors: [...heirs] }))
}

async function restoreLineage(
  context: RepairContext,
  named: ReadonlyMap<string, BlobRef>,
): Promise<void> {
  const { draft, actions } = context
  const blobs = [...named.values()].map(({ blob }) => blob)
  for (const { replaced, successors } of lostLineage(context, blobs)) {
    await draft.set(lineageKey(replaced), encodeLineage(successors))
    const why = `its records lie in ${successors.join(', ')}, and no row said so`
    actions.push({ action: 'mended', what: `segment ${replaced}`, why })
  }
}

/** Bytes that nothing names are given to compaction; those that may be wanted are left alone. */
async function settleGarbage(
  context: RepairContext,
  named: ReadonlyMap<string, BlobRef>,
): Promise<void> {
  const { draft, found, family, actions } = context
  const before = new Map<string, { readonly keys: Buffer[]; readonly sizes: Map<number, number> }>()
  for (const { key, value } of draft.rows(spaces.garbage)) {
    const name = blobName(blobOfGarbage(key))
    const known = before.get(name) ?? { keys: [], sizes: new Map<number, number>() }
    const [heir = 0] = family.heirs(key.readUInt32BE(1))
    known.keys.push(key)
    known.sizes.set(heir, (known.sizes.get(heir) ?? 0) + Number(value.readBigUInt64LE(1)))
    before.set(name, known)
  }
  for (const [name, { keys, sizes }] of before) {
    const [segment = 0, offset = 0] = name.split(':').map(Number)
    const entry = found.table.get({ segment, offset })
    const isRight = !named.has(name) && entry !== undefined && fits(sizes, entry)
    if (isRight) continue
    for (const key of keys) await draft.set(key, null)
    if (!named.has(name) && entry !== undefined) await putGarbage(draft, entry)
    actions.push({ action: 'mended', what: `garbage of blob ${name}`, why: 'it was not as it is' })
  }
  for (const entry of found.table.all()) {
    const name = blobName(entry.blob)
    if (named.has(name) || before.has(name)) continue
    const size = [...entry.found].reduce((sum, [, each]) => sum + each, 0)
    if (mayBeWanted(context, entry)) {
      const why = `no row speaks of its ${size} bytes, and commits are or were missing`
      actions.push({ action: 'kept', what: `blob ${name}`, why })
    } else {
      await putGarbage(draft, entry)
      const why = `no row speaks of its ${size} bytes`
      actions.push({ action: 'freed', what: `blob ${name}`, why })
    }
  }
}

/** Where commits are missing now, or were when an earlier repair kept it. */
function mayBeWanted({ draft, isLossy }: RepairContext, { found }: BlobEntry): boolean {
  if (isLossy) return true
  try {
    const { auditedBelow } = decodeAudit(draft.get(auditKey))
    return [...found].every(([segment]) => segment < auditedBelow)
  } catch {
    return true
  }
}

async function putGarbage(draft: Draft, { blob, found }: BlobEntry): Promise<void> {
  for (const [segment, size] of found) {
    await draft.set(garbageKey(segment, blob), encodeGarbage(size))
  }
}

async function countGarbage({ draft }: RepairContext): Promise<void> {
  const sums = new Map<number, number>()
  for (const { key, value } of draft.rows(spaces.garbage)) {
    const segment = key.readUInt32BE(1)
    sums.set(segment, (sums.get(segment) ?? 0) + Number(value.readBigUInt64LE(1)))
  }
  for (const { key } of draft.rows(spaces.garbageTotal)) {
    if (key.equals(garbageTotalsKept)) continue
    const segment = key.readUInt32BE(1)
    if (!sums.has(segment)) sums.set(segment, 0)
  }
  for (const [segment, sum] of sums) {
    const row = garbageTotalKey(segment)
    if (counterValue(draft.get(row)) !== sum) await draft.setCounter(row, sum)
  }
}

/** What was moved to a colder tier while it died may have become smaller. */
function fits(sizes: ReadonlyMap<number, number>, { blob, found }: BlobEntry): boolean {
  const isIn = ([segment, size]: [number, number]) => {
    const there = found.get(segment)
    return there === size || (segment !== blob.segment && there > 0 && there < size)
  }
  return sizes.size === [...found].length && [...sizes].every(isIn)
}
