import type { OrderedKv } from '../catalog/kv/ordered-kv.ts'
import type { PageCodec } from '../catalog/snapshot/page-codec.ts'
import type { Clock } from '../platform/clock.ts'
import type { FileSystem } from '../platform/file-system.ts'
import type { Random } from '../platform/random.ts'
import type { Segments } from '../segment/segments.ts'

/** Where a store lies, and how its parts are opened on whatever file system shows it. */
export interface StoreGround {
  readonly fileSystem: FileSystem
  /** The data directory. */
  readonly path: string
  readonly clock: Clock
  readonly random: Random
  /** Of one that is part of a mirror: throws a MaintenanceError when it may lack what others have. */
  readonly requireComplete?: () => Promise<void>
  /** Folders beside the data directory in which segments of this store lie. */
  readonly tierFolders: readonly string[]
  /** Of the pages of snapshots. */
  readonly pageCodec: PageCodec | null
  /** The files as segments see them: some may lie elsewhere behind a stub. As they are unless set. */
  readonly seenBySegments?: (fileSystem: FileSystem, storeId: string) => FileSystem
  readonly openSegments: (fileSystem: FileSystem, storeId: string) => Promise<Segments>
  /** The index as it lies there; it is the caller's to dispose of. Null when there is none. */
  readonly readIndex: (storeId: string) => Promise<IndexReading | null>
  /** The index, for a store that is taken into use. */
  readonly openIndex: (storeId: string) => Promise<OrderedKv>
}

/** An index that is only read. */
export type IndexReading = Pick<OrderedKv, 'position' | 'range'> & AsyncDisposable
