/** Opens the data directory, alone or with the directories that hold the same. */
import type { Config } from '../config/schema.ts'
import { DataDirectory } from '../data-directory.ts'
import type { MirrorEvent } from '../platform/mirror/mirror-copies.ts'
import type { Log } from '../telemetry/log.ts'
import { mirrorLog } from '../telemetry/mirror-log.ts'
import type { Ground } from './ground.ts'

/** Whoever can mend a file of which one copy could not be read, once there is somebody. */
export interface MirrorWatch {
  segments: { mendFile(path: string): Promise<void> } | null
}

/**
 * Locked, and of a known format; in a mirror, which directories count is durable.
 *
 * @throws DataDirectoryError, MirrorError, and the system's errors
 */
export function openDirectory(
  { config, ground, log }: { readonly config: Config; readonly ground: Ground; readonly log: Log },
  watch: MirrorWatch,
): Promise<DataDirectory> {
  const { fileSystem, clock, random, fileSystemOf } = ground
  const toLog = mirrorLog(log)
  const mirror = {
    directories: config.mirrorDirs,
    lost: config.mirrorLost,
    listener: (event: MirrorEvent) => {
      toLog(event)
      if (event.event === 'copy-unreadable') void watch.segments?.mendFile(event.file)
    },
    ...(fileSystemOf === undefined ? {} : { fileSystemOf }),
  }
  return DataDirectory.open({ fileSystem, path: config.dataDir, clock, random, mirror })
}
