/** What maintenance stands on: a store on the machine's disk, opened as the server would open it. */
import type { Config } from '../config/schema.ts'
import { codecOf } from '../engine/compression/choose.ts'
import { MaintenanceError } from '../maintenance/errors.ts'
import type { StoreGround } from '../maintenance/store-ground.ts'
import { completePlaces } from '../maintenance/view/complete-places.ts'
import { SegmentError } from '../segment/errors.ts'
import { LocalSegments, type LocalSegmentsParts } from '../segment/local-segments.ts'
import type { TierDirectories } from '../segment/tier-directories.ts'
import type { Ground } from './ground.ts'
import { tierDirectories, tierGround } from './tier-ground.ts'

/**
 * The store that the settings speak of, on the machine's disk. Of a mirror: one of the directories
 * that hold everything.
 *
 * @throws MaintenanceError `unusable` when none is known to
 */
export async function maintenanceGround(config: Config, ground: Ground): Promise<StoreGround> {
  const { clock, random, fileSystem: disk } = ground
  const { dataDir, mirrorDirs, mirrorLost } = config
  const findPlaces = () => completePlaces(disk, { dataDir, mirrorDirs, mirrorLost })
  const [path = dataDir] = await findPlaces()
  return {
    ...groundOfDirectory(path, ground, tierDirectories(config, path)),
    requireComplete: async () => {
      if ((await findPlaces()).includes(path)) return
      throw new MaintenanceError('unusable', `${path} has dropped out of its mirror: try again`)
    },
    seenBySegments: (fileSystem, storeId) => tierGround(config, { fileSystem, path, storeId }).fs,
    openSegments: (fileSystem, storeId) => {
      // The connection to a bucket ends with the process.
      const { remote: _, ...tiers } = tierGround(config, { fileSystem, path, storeId })
      return openSegments({ ...tiers, directory: path, storeId, clock, random })
    },
  }
}

/** A store in one directory, and in those of its tiers. */
export function groundOfDirectory(
  path: string,
  ground: Ground,
  tiers: TierDirectories = {},
): StoreGround {
  const { fileSystem, clock, random } = ground
  return {
    fileSystem,
    path,
    clock,
    random,
    pageCodec: codecOf.zstd,
    tierFolders: Object.values(tiers),
    openSegments: (fs, storeId) =>
      openSegments({ fs, directory: path, tiers, storeId, clock, random }),
    readIndex: async (storeId) => {
      const { readLmdb } = await import('../catalog/kv/read-lmdb.ts')
      return readLmdb({ fileSystem, path: `${path}/index`, storeId })
    },
    openIndex: (storeId) => ground.openIndex(`${path}/index`, storeId),
  }
}

/** A store of a later version, or whose tiers are not there, is none that can be looked after. */
async function openSegments(parts: LocalSegmentsParts): Promise<LocalSegments> {
  try {
    return await LocalSegments.open(parts)
  } catch (cause) {
    if (!(cause instanceof SegmentError)) throw cause
    throw new MaintenanceError('unusable', cause.message, { cause })
  }
}
