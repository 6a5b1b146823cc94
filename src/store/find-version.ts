/** Finding a version of a key: the current one lies in one space, all others in another. */
import type { ObjectKey } from '../model/object-key.ts'
import { NULL_VERSION_ID, type VersionId } from '../model/version-id.ts'
import { noSuchKey, StoreError } from './errors.ts'
import type { BucketFields } from './rows/bucket-row.ts'
import { historyKey, objectKey, stackKey } from './rows/keys.ts'
import { decodeMarker, isMarker } from './rows/marker-row.ts'
import { decodeObjectHead } from './rows/object-row.ts'
import { decodeStack, type StackFields } from './rows/stack-row.ts'
import type { StoredVersion } from './rows/version-field.ts'
import { versionIdText } from './version-ids.ts'

/** `get` of the catalog, or `read` of a change. */
export type ReadRow = (key: Buffer) => Buffer | null

export interface VersionRow {
  readonly key: Buffer
  readonly row: Buffer
}

interface Wanted {
  readonly key: ObjectKey
  readonly version?: VersionId | undefined
}

/**
 * The object row of the version named, or of the current one.
 *
 * @throws StoreError `no-such-key`, `no-such-version`, `delete-marker`
 */
export function requireVersion(read: ReadRow, bucket: BucketFields, wanted: Wanted): VersionRow {
  const { key, version } = wanted
  if (version !== undefined) return requireNamed(read, bucket, { key, version })
  const rowKey = objectKey(bucket.id, key)
  const row = read(rowKey)
  if (row === null) throw nothingCurrent(read, bucket, key)
  return { key: rowKey, row }
}

/** Among the older versions and markers; null when it is not one of them. */
export function olderVersion(
  read: ReadRow,
  bucket: BucketFields,
  { key, version }: { readonly key: ObjectKey; readonly version: VersionId },
): VersionRow | null {
  if (bucket.versioning === 'unversioned') return null
  const id =
    version === NULL_VERSION_ID ? stackOf(read, bucket, key).nullId : Buffer.from(version, 'hex')
  if (id === null) return null
  const rowKey = historyKey(bucket.id, Buffer.from(key), id)
  const row = read(rowKey)
  return row !== null && isVersion(row, version) ? { key: rowKey, row } : null
}

const emptyStack: StackFields = { count: 0, nullId: null, markerId: null }

/** What lies below the current version of a key. */
export function stackOf(read: ReadRow, bucket: BucketFields, key: ObjectKey): StackFields {
  const row = read(stackKey(bucket.id, key))
  return row === null ? emptyStack : decodeStack(row)
}

/** Which version an object row or a delete marker is. */
export function versionOf(row: Buffer): StoredVersion {
  return isMarker(row) ? decodeMarker(row).version : decodeObjectHead(row).version
}

export function isVersion(row: Buffer, version: VersionId): boolean {
  return versionIdText(versionOf(row)) === version
}

function requireNamed(
  read: ReadRow,
  bucket: BucketFields,
  wanted: { readonly key: ObjectKey; readonly version: VersionId },
): VersionRow {
  const { key, version } = wanted
  const rowKey = objectKey(bucket.id, key)
  const current = read(rowKey)
  if (current !== null && isVersion(current, version)) return { key: rowKey, row: current }
  const older = olderVersion(read, bucket, wanted)
  if (older === null) {
    throw new StoreError('no-such-version', undefined, { key, versionId: version })
  }
  if (!isMarker(older.row)) return older
  const lastModified = String(decodeMarker(older.row).modifiedAt)
  throw new StoreError('delete-marker', undefined, { key, versionId: version, lastModified })
}

function nothingCurrent(read: ReadRow, bucket: BucketFields, key: ObjectKey): StoreError {
  if (bucket.versioning === 'unversioned') return noSuchKey(key)
  const { markerId, nullId } = stackOf(read, bucket, key)
  if (markerId === null) return noSuchKey(key)
  const isNull = nullId?.equals(markerId) ?? false
  const markerVersionId = versionIdText({ id: markerId, isNull })
  return new StoreError('no-such-key', undefined, { key, markerVersionId })
}
