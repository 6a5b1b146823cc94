/** Walks the records of every segment in use, and holds them against index, Bloom bits and rows. */
import { errnoOf } from '../../platform/file-system.ts'
import type { SegmentInfo, Segments } from '../../segment/segments.ts'
import type { SegmentFamily } from '../../store/compaction/segment-family.ts'
import type { FindingList } from '../findings.ts'
import { walkSegment } from '../segment-walk.ts'
import type { BlobEntry, BlobTable } from './blob-table.ts'

export interface SegmentCheckParts {
  readonly segments: Segments
  readonly family: SegmentFamily
  readonly blobs: BlobTable
  readonly findings: FindingList
  /** Whether the payloads of this segment are to be read. */
  readonly readsPayloads: (id: number) => boolean
  readonly signal: AbortSignal
}

export interface SegmentSums {
  readonly segments: number
  readonly records: number
  /** Of records, headers included. */
  readonly storedBytes: number
  /** Of payloads that were read and verified. */
  readonly verifiedBytes: number
}

/** Walks them all; whatever verifies is in the table of blobs afterwards. */
export async function checkSegments(parts: SegmentCheckParts): Promise<SegmentSums> {
  const { segments, family, blobs, findings, readsPayloads, signal } = parts
  const sums = { segments: 0, records: 0, storedBytes: 0, verifiedBytes: 0 }
  for (const info of [...segments.list('data'), ...segments.list('journal')]) {
    if (family.isReplaced(info.id)) {
      findings.note('segment', segmentName(info), 'was replaced; its file goes at the next start')
      continue
    }
    const where = segmentName(info)
    const walk = await walkSegment(segments, info, {
      payloads: readsPayloads(info.id) ? 'whole' : 'none',
      onRecord: (header) => {
        if (header.kind === 'chunk' || header.kind === 'recipe') blobs.addRecord(header)
      },
      signal,
    }).catch((error: unknown) => {
      // The bucket it lies in answers that there is no such thing.
      if (errnoOf(error) !== 'ENOENT' || !(error instanceof Error)) throw error
      findings.damage('segment', where, `is not there: ${error.message}`)
      return null
    })
    if (walk === null) continue
    for (const { offset, field } of walk.damages) {
      findings.damage('segment', where, `at ${offset}: ${field}`)
    }
    for (const { offset, field } of walk.torn)
      findings.note('torn', where, `at ${offset}: ${field}`)
    sums.segments += 1
    sums.records += walk.recordCount
    sums.storedBytes += walk.storedSize
    sums.verifiedBytes += walk.verifiedSize
  }
  return sums
}

/** Holds what rows say of blobs against what was found of them. */
export function compareBlobs(
  { blobs, findings }: Pick<SegmentCheckParts, 'blobs' | 'findings'>,
  isServing: boolean,
): void {
  const orphans = new Map<number, { count: number; size: number }>()
  for (const entry of blobs.all()) {
    if (!entry.expected.isEmpty) {
      const what = differenceOf(entry)
      if (what !== null) findings.damage('blob', describe(entry), what)
      continue
    }
    for (const [segment, size] of entry.found) {
      const sum = orphans.get(segment) ?? { count: 0, size: 0 }
      orphans.set(segment, { count: sum.count + 1, size: sum.size + size })
    }
  }
  const why = isServing ? 'they may be on their way' : 'their commit never came'
  for (const [segment, { count, size }] of orphans) {
    const what = `${count} blobs of ${size} bytes that no row speaks of; ${why}`
    findings.note('orphan', `segment ${segment}`, what)
  }
}

/** Why the blob is not whole; null when it is. */
export function differenceOf({
  blob,
  named,
  expected,
  found,
  chunkCount,
  rawSize,
  hasRecipe,
}: BlobEntry): string | null {
  for (const [segment] of [...expected, ...found]) {
    const [wanted, there] = [expected.get(segment), found.get(segment)]
    if (wanted === there) continue
    // What moved to a colder tier was made smaller on the way; its chunks are counted below.
    if (segment !== blob.segment && there > 0 && there < wanted) continue
    return `rows say ${wanted} bytes in segment ${segment}, and ${there} are there`
  }
  if (named === null) return null
  if (chunkCount !== named.chunkCount) return `has ${chunkCount} chunks, not ${named.chunkCount}`
  if (chunkCount > 1 && !hasRecipe) return 'its recipe, which leads to its chunks, is not there'
  return rawSize === named.size ? null : `holds ${rawSize} bytes, not ${named.size}`
}

function describe({ owner, blob }: BlobEntry): string {
  return `${owner} (blob ${blob.segment}:${blob.offset})`
}

function segmentName({ kind, id }: SegmentInfo): string {
  return `${kind} segment ${id}`
}
