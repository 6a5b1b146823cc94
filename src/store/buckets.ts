/** Buckets: made, found, listed, removed. */
import type { Catalog } from '../catalog/catalog.ts'
import type { BucketName } from '../model/bucket-name.ts'
import type { Change } from './change.ts'
import { commit } from './commit.ts'
import { dropBucketConfigs, startConfigs } from './configure-bucket.ts'
import { StoreError } from './errors.ts'
import { bucketIn, requireBucket } from './find-bucket.ts'
import { purgeRemovedBucket } from './multipart/abort-upload.ts'
import type {
  BucketInfo,
  BucketPage,
  CreateBucketOptions,
  ListBucketsQuery,
  SetVersioning,
} from './object-store.ts'
import {
  decodeBucket,
  decodeNextBucket,
  encodeBucket,
  encodeNextBucket,
  encodeRemovedBucket,
} from './rows/bucket-row.ts'
import {
  bucketKey,
  bucketOfKey,
  bucketSpaceRange,
  counterKey,
  nextBucketKey,
  prefixRange,
  removedBucketKey,
  spaces,
  type UsageName,
} from './rows/keys.ts'
import type { StoreContext } from './store-context.ts'

export async function createBucket(
  context: StoreContext,
  bucket: BucketName,
  options: CreateBucketOptions,
): Promise<void> {
  await commit(context.catalog, (change) => {
    if (change.read(bucketKey(bucket)) !== null) throw new StoreError('bucket-exists')
    const id = decodeNextBucket(change.read(nextBucketKey))
    const createdAt = context.clock.now()
    const row = { id, createdAt, region: options.region, versioning: 'unversioned' as const }
    change.put(nextBucketKey, encodeNextBucket(id + 1))
    change.put(bucketKey(bucket), encodeBucket(row))
    startConfigs(change, id, { newBucketAccess: context.options.newBucketAccess, ...options })
  })
}

/**
 * Removes a bucket without objects and versions. As on AWS, uploads in progress do not stand in its
 * way and go with it: they can be reached no more once the commit is durable, and are freed right
 * after it, or at the next start.
 */
export async function deleteBucket(context: StoreContext, bucket: BucketName): Promise<void> {
  const id = await commit(context.catalog, (change) => {
    change.freesSpace()
    const { id } = bucketIn(change, bucket)
    requireEmpty(change, context.catalog, id)
    change.delete(bucketKey(bucket))
    dropBucketConfigs(change, id)
    change.put(removedBucketKey(id), encodeRemovedBucket())
    return id
  })
  try {
    await purgeRemovedBucket(context, id)
  } catch {
    // The bucket is gone for good; its row among the removed ones keeps the rest of the work.
  }
}

/** Counters that say whether there is anything in a bucket, and where it lies. */
const contents = {
  objects: spaces.object,
  olderVersions: spaces.history,
} as const satisfies Partial<Record<UsageName, number>>

/**
 * The counters guard against writes beside this one. They are not taken at their word: a journal
 * that was damaged may have left them wrong, and then neither is anything orphaned, nor a bucket
 * without anything in it kept for ever.
 */
function requireEmpty(change: Change, catalog: Catalog, bucketId: number): void {
  const names = Object.keys(contents) as (keyof typeof contents)[]
  const counts = names.map((name) => change.readCounter(counterKey(bucketId, name)))
  // Rows are looked at as of a durable state, which the counters must be of.
  change.requireSettled()
  for (const name of names) {
    const [row] = catalog.range(bucketSpaceRange(contents[name], bucketId))
    if (row !== undefined) throw new StoreError('bucket-not-empty')
  }
  for (const [index, name] of names.entries()) {
    const count = counts[index] ?? 0
    if (count !== 0) change.add(counterKey(bucketId, name), -count)
  }
}

/** What was written before stays what it is: an object that has no version id is the null version. */
export async function putBucketVersioning(
  catalog: Catalog,
  bucket: BucketName,
  versioning: SetVersioning,
): Promise<void> {
  await commit(catalog, (change) => {
    const found = bucketIn(change, bucket)
    if (found.versioning === versioning) return
    change.put(bucketKey(bucket), encodeBucket({ ...found, versioning }))
  })
}

export function getBucket(catalog: Catalog, bucket: BucketName): BucketInfo {
  const { createdAt, region, versioning } = requireBucket(catalog, bucket)
  return { name: bucket, createdAt, region, versioning }
}

export function listBuckets(catalog: Catalog, query: ListBucketsQuery): BucketPage {
  const within = prefixRange(bucketKey(query.prefix))
  const after = Buffer.concat([bucketKey(query.after), Buffer.from([0])])
  const start = Buffer.compare(after, within.start) > 0 ? after : within.start
  const buckets: BucketInfo[] = []
  if (query.limit === 0 || Buffer.compare(start, within.end) >= 0) {
    return { buckets, isTruncated: false }
  }
  for (const { key, value } of catalog.range({ start, end: within.end })) {
    if (buckets.length === query.limit) return { buckets, isTruncated: true }
    const { createdAt, region, versioning } = decodeBucket(value)
    buckets.push({ name: bucketOfKey(key), createdAt, region, versioning })
  }
  return { buckets, isTruncated: false }
}
