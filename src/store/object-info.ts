/** Rows in the words of the contract. */
import type { Checksum } from '../model/checksum.ts'
import type { ObjectKey } from '../model/object-key.ts'
import type { VersionId } from '../model/version-id.ts'
import type { ObjectAttributes, ObjectInfo, VersionInfo } from './object-store.ts'
import type { BucketFields } from './rows/bucket-row.ts'
import type { ObjectFields, ObjectHeadFields } from './rows/object-row.ts'
import type { StoredVersion } from './rows/version-field.ts'
import { versionIdText } from './version-ids.ts'

/** Hex MD5, or MD5 of MD5s with "-N" for an object of N uploaded parts. */
export function etagText(object: ObjectHeadFields): string {
  const hex = object.etag.toString('hex')
  return object.partCount === 0 ? hex : `${hex}-${object.partCount}`
}

export function checksumOfObject(object: ObjectHeadFields): Checksum | null {
  if (object.checksum === null) return null
  const { algorithm, type, digest } = object.checksum
  const value = digest.toString('base64')
  return {
    algorithm,
    type,
    value: type === 'COMPOSITE' ? `${value}-${object.partCount}` : value,
  }
}

export function objectInfo(key: ObjectKey, object: ObjectHeadFields): ObjectInfo {
  return {
    key,
    size: object.size,
    etag: etagText(object),
    lastModified: object.modifiedAt,
    storageClass: object.storageClass,
    checksum: checksumOfObject(object),
  }
}

export function versionInfo(
  key: ObjectKey,
  object: ObjectHeadFields,
  bucket: BucketFields,
): VersionInfo {
  return {
    key,
    size: object.size,
    etag: etagText(object),
    lastModified: object.modifiedAt,
    storageClass: object.storageClass,
    checksum: checksumOfObject(object),
    versionId: shownVersionId(bucket, object.version),
  }
}

/** A bucket that never had versioning shows no ids. */
export function shownVersionId(bucket: BucketFields, version: StoredVersion): VersionId | null {
  return bucket.versioning === 'unversioned' ? null : versionIdText(version)
}

export function objectAttributes(object: ObjectFields): ObjectAttributes {
  return { storageClass: object.storageClass, ...object.attributes }
}
