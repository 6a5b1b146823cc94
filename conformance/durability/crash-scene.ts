/** Where a server dies, and how. */
import path from 'node:path'
import type { ServerProcess } from '../harness/server-process.ts'

export interface CrashScene {
  readonly server: ServerProcess
  /** Ends the server in its way, in the midst of requests, and leaves all ready for a new start. */
  die(): Promise<void>
}

/**
 * Settings with the least sizes and delays that are allowed, so that files are sealed, compacted
 * and given up and snapshots taken under way, and tiers in `folder`.
 */
export function smallFiles(folder: string): Readonly<Record<string, string>> {
  return {
    VARVE_SEGMENT_SIZE_MAX: '32MiB',
    VARVE_JOURNAL_SEGMENT_SIZE_MAX: '1MiB',
    VARVE_JOURNAL_RETENTION_MS: '0',
    VARVE_COMPACTION_AGE_MIN_MS: '0',
    VARVE_COMPACTION_INTERVAL_MS: '100',
    VARVE_COMPACTION_DEAD_PERCENT: '10',
    VARVE_WARM_DIR: path.join(folder, 'warm'),
    VARVE_COLD_DIR: path.join(folder, 'cold'),
    VARVE_LOG_LEVEL: 'error',
  }
}

/** kill -9: what the process handed to the kernel stays. */
export class ProcessKill implements CrashScene {
  readonly server: ServerProcess

  constructor(server: ServerProcess) {
    this.server = server
  }

  async die(): Promise<void> {
    await this.server.kill()
  }
}
