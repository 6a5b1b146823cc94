/** The two grounds a server can stand on: the machine's disk, or memory. */
import type { OrderedKv } from '../catalog/kv/ordered-kv.ts'
import { type Clock, systemClock } from '../platform/clock.ts'
import type { FileSystem } from '../platform/file-system.ts'
import { type Random, systemRandom } from '../platform/random.ts'

/** What differs between a server on disk, one in memory, and one in a test. */
export interface Ground {
  readonly fileSystem: FileSystem
  /** The file system that has a directory of a mirror, where it is another one. */
  readonly fileSystemOf?: (directory: string) => FileSystem
  readonly clock: Clock
  readonly random: Random
  /** The index of the store with this id, in a folder of its own. */
  readonly openIndex: (path: string, storeId: string) => Promise<OrderedKv>
}

/** The machine's file system, and LMDB. */
export async function diskGround(): Promise<Ground> {
  const { NodeFileSystem } = await import('../platform/node-fs.ts')
  const fileSystem = new NodeFileSystem()
  return {
    fileSystem,
    clock: systemClock,
    random: systemRandom,
    openIndex: async (path, storeId) => {
      const { LmdbKv } = await import('../catalog/kv/lmdb-kv.ts')
      return LmdbKv.open({ fileSystem, path, storeId })
    },
  }
}

/** Gone with the process, and made without touching the disk or loading what only disks need. */
export async function memoryGround(): Promise<Ground> {
  const { MemoryFileSystem } = await import('../platform/memory-fs.ts')
  const { MemoryKv } = await import('../catalog/kv/memory-kv.ts')
  return {
    fileSystem: new MemoryFileSystem(),
    clock: systemClock,
    random: systemRandom,
    openIndex: async () => new MemoryKv(),
  }
}
