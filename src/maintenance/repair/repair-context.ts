import type { BlobRef } from '../../engine/blob-store.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Segments } from '../../segment/segments.ts'
import type { SegmentFamily } from '../../store/compaction/segment-family.ts'
import { partListPrefix, prefixRange } from '../../store/rows/keys.ts'
import type { ObjectFields } from '../../store/rows/object-row.ts'
import { decodePartList } from '../../store/rows/part-list-row.ts'
import type { Draft } from './draft.ts'
import type { FoundBlobs } from './found-blobs.ts'

export interface RepairAction {
  /**
   * dropped: gone for good, because its bytes are. salvaged: brought back from what lies beside the
   * bytes. mended: rows made to fit again. freed: bytes that nothing names, given to compaction.
   * kept: bytes that nothing names and that may be wanted; left where they are. retired: a file
   * whose living content was copied, and which was put aside.
   */
  readonly action: 'dropped' | 'salvaged' | 'mended' | 'freed' | 'kept' | 'retired'
  /** A bucket and key, a row, a blob or a file. */
  readonly what: string
  readonly why: string
}

/** What all steps of a repair work on. */
export interface RepairContext {
  readonly draft: Draft
  readonly found: FoundBlobs
  readonly segments: Segments
  readonly family: SegmentFamily
  readonly clock: Clock
  /** Whether commits are known to be missing, so that what no row names may have been an object. */
  readonly isLossy: boolean
  readonly actions: RepairAction[]
}

/** Every blob of a body, wherever its references are. Throws for rows that do not decode. */
export function refsOfObject(draft: Draft, object: ObjectFields): readonly BlobRef[] {
  const { body, bodyId } = object
  if (body.kind === 'empty') return []
  if (body.kind === 'blob') return [body.ref]
  if (body.kind === 'parts') return body.parts.flatMap(({ ref }) => (ref === null ? [] : [ref]))
  if (bodyId === null) throw new Error('its parts are on pages, and it has no body id')
  const refs: BlobRef[] = []
  for (const { value } of draft.range(prefixRange(partListPrefix(bodyId)))) {
    for (const { ref } of decodePartList(value).parts) if (ref !== null) refs.push(ref)
  }
  const size = refs.reduce((sum, ref) => sum + ref.size, 0)
  if (size !== object.size) throw new Error('pages of its parts are missing')
  return refs
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
