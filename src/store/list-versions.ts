import type { Catalog, Entry } from '../catalog/catalog.ts'
import type { ObjectKey } from '../model/object-key.ts'
import { NULL_VERSION_ID, type VersionId } from '../model/version-id.ts'
import { requireBucket } from './find-bucket.ts'
import { stackOf, versionOf } from './find-version.ts'
import {
  commonPrefix,
  type ListCursor,
  type Named,
  takePage,
  type WalkQuery,
  type WalkStep,
  walk,
} from './list-walk.ts'
import { objectInfo } from './object-info.ts'
import type { ListedVersion, ListVersionsQuery, VersionsPage } from './object-store.ts'
import type { BucketFields } from './rows/bucket-row.ts'
import {
  bucketSpaceRange,
  historyKey,
  historyPosition,
  nameOfHistory,
  nameOfObject,
  objectKey,
  prefixRange,
  spaces,
} from './rows/keys.ts'
import { decodeMarker, isMarker } from './rows/marker-row.ts'
import { decodeObjectHead } from './rows/object-row.ts'
import type { StoreContext } from './store-context.ts'
import { versionIdText } from './version-ids.ts'

interface ListedRow extends Named {
  readonly row: Buffer
  readonly isLatest: boolean
}

/** Versions and delete markers by key, those of one key from the newest on. */
export function listObjectVersions(context: StoreContext, query: ListVersionsQuery): VersionsPage {
  const { catalog } = context
  const bucket = requireBucket(catalog, query.bucket)
  const page = takePage(versionSteps(catalog, bucket, query), query.limit)
  const versions: ListedVersion[] = []
  const commonPrefixes: string[] = []
  let lastKey: string | null = null
  let lastVersion: VersionId | null = null
  for (const step of page.steps) {
    if (step.kind === 'item') {
      const version = listedVersion(step.item)
      versions.push(version)
      lastKey = version.key
      lastVersion = markerOf(bucket, step.item.row)
    } else {
      lastKey = step.name.toString('utf8')
      lastVersion = null
      commonPrefixes.push(lastKey)
    }
  }
  return { versions, commonPrefixes, isTruncated: page.isTruncated, lastKey, lastVersion }
}

function listedVersion({ name, row, isLatest }: ListedRow): ListedVersion {
  const key = name.toString('utf8') as ObjectKey
  if (isMarker(row)) {
    const { version, modifiedAt } = decodeMarker(row)
    const versionId = versionIdText(version)
    return { kind: 'delete-marker', key, versionId, isLatest, lastModified: modifiedAt }
  }
  const object = decodeObjectHead(row)
  const versionId = versionIdText(object.version)
  return { kind: 'object', versionId, isLatest, ...objectInfo(key, object) }
}

/**
 * Where a next page goes on. The id proper also of the null version: its name would say nothing
 * any more when it is removed before the next page is asked for, as whoever empties a bucket does.
 */
function markerOf(bucket: BucketFields, row: Buffer): VersionId {
  if (bucket.versioning === 'unversioned') return NULL_VERSION_ID
  return versionIdText({ id: versionOf(row).id, isNull: false })
}

/** What is left of the versions of the marker's own key, then the versions of later keys. */
function* versionSteps(
  catalog: Catalog,
  bucket: BucketFields,
  query: ListVersionsQuery,
): Generator<WalkStep<ListedRow>, void, void> {
  const walked: WalkQuery = {
    prefix: Buffer.from(query.prefix),
    delimiter: Buffer.from(query.delimiter),
    after: Buffer.from(query.afterKey),
  }
  const isShownByItself =
    query.afterKey.startsWith(query.prefix) && commonPrefix(walked.after, walked) === null
  if (query.afterKey !== '' && query.afterVersion !== null && isShownByItself) {
    const after = { key: query.afterKey as ObjectKey, version: query.afterVersion }
    for (const item of versionsAfter(catalog, bucket, after)) yield { kind: 'item', item }
  }
  yield* walk(versionCursor(catalog, bucket.id), walked)
}

/** The versions of one key that are older than the one named. */
function* versionsAfter(
  catalog: Catalog,
  bucket: BucketFields,
  { key, version }: { readonly key: ObjectKey; readonly version: VersionId },
): Generator<ListedRow, void, void> {
  const name = Buffer.from(key)
  const current = catalog.get(objectKey(bucket.id, key))
  const { nullId, markerId } = stackOf((row) => catalog.get(row), bucket, key)
  const after =
    version === NULL_VERSION_ID ? nullIdOf(current, nullId) : Buffer.from(version, 'hex')
  if (current !== null && Buffer.compare(versionOf(current).id, after) < 0) {
    yield { name, row: current, isLatest: true }
  }
  const { end } = prefixRange(historyPosition(bucket.id, name))
  for (const { value } of catalog.range({ start: historyKey(bucket.id, name, after), end })) {
    const { id } = versionOf(value)
    // The start may be the very version that was named.
    if (Buffer.compare(id, after) >= 0) continue
    yield { name, row: value, isLatest: markerId?.equals(id) === true }
  }
}

/** Older than none when there is no null version any more: better shown twice than left out. */
function nullIdOf(current: Buffer | null, nullId: Buffer | null): Buffer {
  const version = current === null ? null : versionOf(current)
  return (version?.isNull === true ? version.id : nullId) ?? Buffer.alloc(16, 0xff)
}

function versionCursor(catalog: Catalog, bucketId: number): ListCursor<ListedRow> {
  return { seek: (name) => merged(catalog, bucketId, name) }
}

/** Both spaces as one: of each name the current object first, then what is older. */
function* merged(
  catalog: Catalog,
  bucketId: number,
  from: Uint8Array,
): Generator<ListedRow, void, void> {
  const objects = catalog.range({
    start: objectKey(bucketId, from),
    end: bucketSpaceRange(spaces.object, bucketId).end,
  })
  const history = catalog.range({
    start: historyPosition(bucketId, from),
    end: bucketSpaceRange(spaces.history, bucketId).end,
  })
  const current = named(objects, nameOfObject)
  const older = named(history, nameOfHistory)
  try {
    let [top, low] = [current.next(), older.next()]
    /** Whose newest version was shown. */
    let shown = null as Buffer | null
    while (top.done !== true || low.done !== true) {
      const isCurrent =
        low.done === true ||
        (top.done !== true && Buffer.compare(top.value.name, low.value.name) <= 0)
      const { name, row } = isCurrent ? top.value! : low.value!
      const isLatest = shown?.equals(name) !== true
      shown = name
      yield { name, row, isLatest }
      if (isCurrent) top = current.next()
      else low = older.next()
    }
  } finally {
    current.return()
    older.return()
  }
}

function* named(
  entries: Iterable<Entry>,
  nameOf: (key: Buffer) => Buffer,
): Generator<{ readonly name: Buffer; readonly row: Buffer }, void, void> {
  for (const { key, value } of entries) yield { name: nameOf(key), row: value }
}
