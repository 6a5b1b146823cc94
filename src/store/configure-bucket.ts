/** What is configured of a bucket: read, replaced, removed, and kept in agreement. */
import type { Catalog } from '../catalog/catalog.ts'
import { type Acl, isPublicAcl } from '../model/acl.ts'
import type { BucketName } from '../model/bucket-name.ts'
import type { BucketAccess, BucketConfigKind, BucketConfigs } from './bucket-config.ts'
import type { Change } from './change.ts'
import { commit } from './commit.ts'
import { StoreError } from './errors.ts'
import { bucketIn, requireBucket } from './find-bucket.ts'
import type { CreateBucketOptions } from './object-store.ts'
import {
  decodeBucketConfig,
  encodeBucketConfig,
  hasInitialConfig,
} from './rows/bucket-config-row.ts'
import { bucketConfigKey, bucketConfigKinds } from './rows/keys.ts'
import type { StoreOptions } from './store-context.ts'

export function getBucketConfig<Kind extends BucketConfigKind>(
  catalog: Catalog,
  bucket: BucketName,
  kind: Kind,
): BucketConfigs[Kind] | null {
  const { id } = requireBucket(catalog, bucket)
  return configOf(durable(catalog), id, kind)
}

export function getBucketAccess(catalog: Catalog, bucket: BucketName): BucketAccess {
  const { id } = requireBucket(catalog, bucket)
  const look = durable(catalog)
  return {
    acl: configOf(look, id, 'acl') ?? 'private',
    ownership: configOf(look, id, 'ownership'),
    publicAccessBlock: configOf(look, id, 'publicAccessBlock'),
  }
}

export async function putBucketConfig<Kind extends BucketConfigKind>(
  catalog: Catalog,
  bucket: BucketName,
  { kind, config }: { readonly kind: Kind; readonly config: BucketConfigs[Kind] },
): Promise<void> {
  await commit(catalog, (change) => {
    const { id } = bucketIn(change, bucket)
    agreements[kind]?.((key) => change.read(key), id, config)
    setBucketConfig(change, id, { kind, config })
  })
}

export async function deleteBucketConfig(
  catalog: Catalog,
  bucket: BucketName,
  kind: BucketConfigKind,
): Promise<void> {
  await commit(catalog, (change) => {
    const { id } = bucketIn(change, bucket)
    setBucketConfig(change, id, { kind, config: null })
  })
}

/** What a new bucket, of whose id no row speaks yet, starts with. */
export function startConfigs(
  change: Change,
  bucketId: number,
  options: CreateBucketOptions & Pick<StoreOptions, 'newBucketAccess'>,
): void {
  const isOpen = options.newBucketAccess === 'acl'
  const ownership = options.ownership ?? (isOpen ? null : 'BucketOwnerEnforced')
  const acl = options.acl ?? 'private'
  if (isPublicAcl(acl)) {
    if (ownership === 'BucketOwnerEnforced') throw new StoreError('public-bucket-acl')
    if (!isOpen) throw new StoreError('public-access-blocked')
    change.put(bucketConfigKey(bucketId, 'acl'), encodeBucketConfig('acl', acl))
  }
  // What is so without a row needs none.
  if (ownership !== 'BucketOwnerEnforced') {
    const row = encodeBucketConfig('ownership', ownership)
    change.put(bucketConfigKey(bucketId, 'ownership'), row)
  }
  if (isOpen) {
    const row = encodeBucketConfig('publicAccessBlock', null)
    change.put(bucketConfigKey(bucketId, 'publicAccessBlock'), row)
  }
  const { tags } = options
  if (tags !== undefined && tags.length > 0) {
    change.put(bucketConfigKey(bucketId, 'tags'), encodeBucketConfig('tags', tags))
  }
}

/** Of a bucket that goes. */
export function dropBucketConfigs(change: Change, bucketId: number): void {
  for (const kind of bucketConfigKinds) change.delete(bucketConfigKey(bucketId, kind))
}

/** Null: none. A row that changes nothing is not written. */
export function setBucketConfig<Kind extends BucketConfigKind>(
  change: Change,
  bucketId: number,
  { kind, config }: { readonly kind: Kind; readonly config: BucketConfigs[Kind] | null },
): void {
  const key = bucketConfigKey(bucketId, kind)
  const before = change.read(key)
  if (config === null && !hasInitialConfig(kind)) {
    if (before !== null) change.delete(key)
    return
  }
  const row = encodeBucketConfig(kind, config)
  if (before === null || !before.equals(row)) change.put(key, row)
}

/** Reads a row as of now: from the catalog, or through a change that will check it. */
export type RowLook = (key: Buffer) => Buffer | null

export function durable(catalog: Catalog): RowLook {
  return (key) => catalog.get(key)
}

/**
 * Whether this ACL may be set on something in the bucket. Costs nothing for a private one.
 *
 * @throws StoreError `acls-disabled`, `public-access-blocked`
 */
export function requireAclAllowed(look: RowLook, bucketId: number, acl: Acl | undefined): void {
  if (acl === undefined || !isPublicAcl(acl)) return
  if (configOf(look, bucketId, 'ownership') === 'BucketOwnerEnforced') {
    throw new StoreError('acls-disabled')
  }
  if (configOf(look, bucketId, 'publicAccessBlock')?.blockPublicAcls === true) {
    throw new StoreError('public-access-blocked')
  }
}

type Agreement<Config> = (look: RowLook, bucketId: number, config: Config) => void

/** What must hold between a kind that is put and those that are there. */
const agreements: { readonly [Kind in BucketConfigKind]: Agreement<BucketConfigs[Kind]> | null } = {
  acl: requireAclAllowed,
  cors: null,
  ownership(look, bucketId, ownership) {
    if (ownership !== 'BucketOwnerEnforced') return
    if (isPublicAcl(configOf(look, bucketId, 'acl') ?? 'private')) {
      throw new StoreError('public-bucket-acl')
    }
  },
  publicAccessBlock: null,
  tags: null,
}

function configOf<Kind extends BucketConfigKind>(
  look: RowLook,
  bucketId: number,
  kind: Kind,
): BucketConfigs[Kind] | null {
  return decodeBucketConfig(kind, look(bucketConfigKey(bucketId, kind)))
}
