import type { IndexKeeperOptions } from './index-keeper.ts'

export interface LocalCatalogOptions extends IndexKeeperOptions {
  /** Size at which a journal segment takes no further group. */
  readonly segmentSizeMax: number
  /** Bytes of commits under way, attachments included, at which further ones wait. */
  readonly pendingSizeMax: number
  /** How long the journal is kept for feeds once nothing else needs it. */
  readonly retentionMs: number
}

const MIB = 1024 * 1024
export const defaultCatalogOptions: LocalCatalogOptions = {
  segmentSizeMax: 64 * MIB,
  pendingSizeMax: 32 * MIB,
  flushRowCount: 5000,
  flushDelayMs: 1000,
  memorySizeMax: 256 * MIB,
  snapshotCommitSizeMin: 64 * MIB,
  snapshotJournalSizeMin: 256 * MIB,
  checkIntervalMs: 6 * 3_600_000,
  retentionMs: 0,
  automatic: true,
}
