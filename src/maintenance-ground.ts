/** What maintenance stands on: a store on the machine's disk, opened as the server would open it. */
import type { Config } from './config/schema.ts'
import { codecOf } from './engine/compression/choose.ts'
import type { Ground } from './ground.ts'
import type { StoreGround } from './maintenance/store-ground.ts'
import { LocalSegments } from './segment/local-segments.ts'
import type { TierDirectories } from './segment/tier-directories.ts'
import { tierDirectories, tierGround } from './tier-ground.ts'

/** The store that the settings speak of, on the machine's disk. */
export function maintenanceGround(config: Config, ground: Ground): StoreGround {
  const { dataDir: path } = config
  const { clock, random } = ground
  return {
    ...groundOfDirectory(path, ground, tierDirectories(config, path)),
    seenBySegments: (fileSystem, storeId) => tierGround(config, { fileSystem, path, storeId }).fs,
    openSegments: (fileSystem, storeId) => {
      // The connection to a bucket ends with the process.
      const { remote: _, ...tiers } = tierGround(config, { fileSystem, path, storeId })
      return LocalSegments.open({ ...tiers, directory: path, storeId, clock, random })
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
      LocalSegments.open({ fs, directory: path, tiers, storeId, clock, random }),
    readIndex: async (storeId) => {
      const { readLmdb } = await import('./catalog/kv/read-lmdb.ts')
      return readLmdb({ fileSystem, path: `${path}/index`, storeId })
    },
    openIndex: (storeId) => ground.openIndex(`${path}/index`, storeId),
  }
}
