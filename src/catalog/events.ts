/** What happens inside the catalog, for logs and metrics. */
export type CatalogEvent =
  /** A group became durable. */
  | {
      readonly event: 'group'
      readonly commitCount: number
      /** Bytes of the commit record's payload, without attachments. */
      readonly commitSize: number
      /** From the hand-over to the disk until it was durable. */
      readonly syncMs: number
    }
  /** A group did not become durable; its commits and those queued behind it were rejected. */
  | { readonly event: 'groupFailed'; readonly commitCount: number; readonly cause: unknown }
  | { readonly event: 'segmentSealed'; readonly segment: number }
  /** The segment is left unsealed; the next start tries again. Nothing is lost by it. */
  | { readonly event: 'sealFailed'; readonly segment: number; readonly cause: unknown }
  | { readonly event: 'flushed'; readonly rowCount: number; readonly durationMs: number }
  /** The index did not take the rows; they are served from memory and tried again. */
  | { readonly event: 'flushFailed'; readonly cause: unknown }
  | {
      readonly event: 'snapshotWritten'
      readonly sequence: number
      readonly entryCount: number
      readonly size: number
      readonly durationMs: number
    }
  | { readonly event: 'snapshotFailed'; readonly cause: unknown }
  /** A snapshot that does not verify was passed over. */
  | { readonly event: 'snapshotRefused'; readonly segment: number; readonly field: string }
  /** The whole index was walked and is well. */
  | { readonly event: 'indexChecked'; readonly entryCount: number; readonly durationMs: number }
  /** The index is made anew from a snapshot and the journal. */
  | { readonly event: 'rebuildStarted'; readonly reason: string; readonly cause: unknown }
  | { readonly event: 'rebuilt'; readonly sequence: number; readonly durationMs: number }
  | { readonly event: 'rebuildFailed'; readonly cause: unknown }
  /** The catalog is open. */
  | {
      readonly event: 'recovered'
      readonly sequence: number
      readonly replayedCommitCount: number
      readonly durationMs: number
    }
  | { readonly event: 'finding'; readonly finding: JournalFinding }

/** Must not throw and must not block: it stands on the path of every commit. */
export type CatalogListener = (event: CatalogEvent) => void

/** Something in the journal that is not as it was written. What follows it is still applied. */
export interface JournalFinding {
  readonly segment: number
  readonly offset: number
  readonly field: string
}
