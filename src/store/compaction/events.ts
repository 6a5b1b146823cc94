/** What compaction tells those who listen at the roof. */
import type { Tier } from '../../segment/types.ts'

export type CompactionEvent =
  /** Segments were replaced, in one commit. Their files go when nobody reads them any more. */
  | {
      readonly event: 'compacted'
      /** Of the new segment; another than its sources' when they were moved. */
      readonly tier: Tier
      readonly sources: readonly number[]
      /** Holds what lived in them; null when nothing did. */
      readonly output: number | null
      /** Bytes of records that were read to be copied. */
      readonly readSize: number
      readonly writtenSize: number
      /** Bytes of the old files that the new one does not take. */
      readonly reclaimedSize: number
      readonly durationMs: number
    }
  /** The file of a replaced segment, or an unfinished output, is gone. */
  | { readonly event: 'segment-removed'; readonly segment: number }
  /** It stays until the next start. */
  | { readonly event: 'removal-failed'; readonly segment: number; readonly cause: unknown }
  /** Blobs whose commit never came are garbage now. */
  | {
      readonly event: 'unnamed-blobs'
      readonly segment: number
      readonly blobCount: number
      readonly size: number
    }
  /** A segment does not verify and is left as it is. */
  | {
      readonly event: 'damaged-source'
      readonly segment: number
      readonly offset: number
      readonly field: string
    }
  /** Nothing was changed; it is tried again later. */
  | { readonly event: 'compaction-failed'; readonly cause: unknown }
  /** It replaced others, and is gone: reads of what lies in it fail. */
  | { readonly event: 'segment-missing'; readonly segment: number }
  /** A file that should be of no use holds what no other does, or its successor is not whole. */
  | { readonly event: 'segment-kept'; readonly segment: number; readonly reason: string }

/** Called synchronously; must not throw. */
export type CompactionListener = (event: CompactionEvent) => void
