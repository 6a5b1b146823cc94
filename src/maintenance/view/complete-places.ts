import { holdsStore } from '../../data-directory.ts'
import type { FileSystem } from '../../platform/file-system.ts'
import { completeDirectories } from '../../platform/mirror/find-copy.ts'
import { MirrorError } from '../../platform/mirror/mirror-plan.ts'
import { MaintenanceError } from '../errors.ts'

/**
 * The directories of a store that hold everything: the data directory first, if it does.
 *
 * @throws MaintenanceError `unusable` when none is known to
 */
export async function completePlaces(
  fs: FileSystem,
  places: {
    readonly dataDir: string
    readonly mirrorDirs: readonly string[]
    readonly mirrorLost: readonly string[]
  },
): Promise<readonly string[]> {
  const { dataDir: directory, mirrorDirs: others, mirrorLost: lost } = places
  try {
    return await completeDirectories({ fs, directory, others, lost, holdsStore })
  } catch (cause) {
    if (!(cause instanceof MirrorError)) throw cause
    throw new MaintenanceError('unusable', cause.message, { cause })
  }
}
