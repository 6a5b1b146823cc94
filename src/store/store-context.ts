import type { Catalog } from '../catalog/catalog.ts'
import type { BlobStore } from '../engine/blob-store.ts'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import type { Crc64Pool } from './crc64-pool.ts'
import type { Readers } from './readers.ts'
import type { Recall } from './tiering/recall.ts'

/** What every behaviour of the store stands on. */
export interface StoreContext {
  readonly catalog: Catalog
  readonly engine: BlobStore
  readonly clock: Clock
  readonly random: Random
  readonly crc64: Crc64Pool
  readonly readers: Readers
  readonly options: StoreOptions
  /** Told of reads; not given where there is one tier. */
  readonly recall?: Recall
}

/** What it takes to move bytes that are stored. */
export type MovingContext = Pick<StoreContext, 'catalog' | 'engine' | 'clock' | 'readers'>

export interface StoreOptions {
  /** Bodies up to this many bytes ride in their commit. At most the engine's chunk size. */
  readonly inlineSizeMax: number
  /** Largest body of one PUT or one part. AWS S3 User Guide, "Uploading objects": 5 GiB. */
  readonly bodySizeMax: number
  /** Largest object a multipart upload may make: 5 TiB. */
  readonly objectSizeMax: number
  /** Smallest part but the last. AWS S3 User Guide, "Multipart upload limits": 5 MiB. */
  readonly partSizeMin: number
  /**
   * What a bucket starts with. `private`: ACLs disabled and public access blocked, as AWS has it
   * since April 2023. `acl`: ACLs decide and nothing is blocked, as it was before.
   */
  readonly newBucketAccess: NewBucketAccess
}

export type NewBucketAccess = 'private' | 'acl'

export const defaultStoreOptions: StoreOptions = {
  inlineSizeMax: 64 * 1024,
  bodySizeMax: 5 * 1024 ** 3,
  objectSizeMax: 5 * 1024 ** 4,
  partSizeMin: 5 * 1024 ** 2,
  newBucketAccess: 'private',
}
