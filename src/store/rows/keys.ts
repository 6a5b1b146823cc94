/**
 * The key space of the catalog (docs/rows.md). One prefix byte names a space; the rest sorts as the
 * listing of that space does, so integers in keys are big-endian.
 */
import type { KeyRange } from '../../catalog/catalog.ts'
import type { BucketName } from '../../model/bucket-name.ts'
import type { Place } from '../../segment/types.ts'
import type { BucketConfigKind } from '../bucket-config.ts'
import { groupedSize, readGrouped, writeGrouped } from './grouped-key.ts'

export const spaces = {
  audit: 0x61, // a
  bucket: 0x62, // b
  counter: 0x63, // c
  removedBucket: 0x64, // d
  bucketConfig: 0x66, // f
  garbage: 0x67, // g
  /** Older versions of objects, and delete markers. */
  history: 0x68, // h
  nextBucket: 0x69, // i
  partChange: 0x6b, // k
  partList: 0x6c, // l
  object: 0x6f, // o
  part: 0x70, // p
  reference: 0x72, // r
  lineage: 0x73, // s
  pendingMove: 0x74, // t
  upload: 0x75, // u
  stack: 0x76, // v
  garbageTotal: 0x77, // w
} as const

/** The counters of a bucket, by their byte in the key. */
export const usageNames = {
  objects: 0x6f, // o
  bytes: 0x62, // b
  storedBytes: 0x73, // s
  uploads: 0x75, // u
  partBytes: 0x70, // p
  warmBytes: 0x77, // w
  warmStoredBytes: 0x57, // W
  coldBytes: 0x63, // c
  coldStoredBytes: 0x43, // C
  olderVersions: 0x76, // v
} as const
export type UsageName = keyof typeof usageNames

/** The kinds of configuration of a bucket, by their byte in the key. */
const configNames = {
  acl: 0x61, // a
  cors: 0x63, // c
  ownership: 0x6f, // o
  publicAccessBlock: 0x70, // p
  tags: 0x74, // t
} as const satisfies Record<BucketConfigKind, number>
export const bucketConfigKinds = Object.keys(configNames) as readonly BucketConfigKind[]

export const UPLOAD_ID_SIZE = 16
/** The part of a version id that orders. */
const VERSION_NUMBER_SIZE = 8

export const nextBucketKey: Buffer = Buffer.from([spaces.nextBucket])

/** The row of a bucket. */
export function bucketKey(name: BucketName | string): Buffer {
  return textKey(spaces.bucket, name)
}

/** The name in the key of a bucket. */
export function bucketOfKey(key: Buffer): BucketName {
  return key.toString('utf8', 1) as BucketName
}

export function bucketConfigKey(bucketId: number, kind: BucketConfigKind): Buffer {
  const key = Buffer.allocUnsafe(6)
  key[0] = spaces.bucketConfig
  key.writeUInt32BE(bucketId, 1)
  key[5] = configNames[kind]
  return key
}

/** Whose configuration a row is. */
export function bucketIdOfConfig(key: Buffer): number {
  return key.readUInt32BE(1)
}

/** Null for a byte that stands for no kind. */
export function kindOfConfig(key: Buffer): BucketConfigKind | null {
  return bucketConfigKinds.find((kind) => configNames[kind] === key[5]) ?? null
}

/** The row of a bucket that is gone, and whose uploads are still to be freed. */
export function removedBucketKey(bucketId: number): Buffer {
  return idKey(spaces.removedBucket, bucketId)
}

/** The id in the key of a removed bucket. */
export function bucketIdOfRemoved(key: Buffer): number {
  return key.readUInt32BE(1)
}

/** One counter of a bucket. */
export function counterKey(bucketId: number, name: UsageName): Buffer {
  const key = Buffer.allocUnsafe(6)
  key[0] = spaces.counter
  key.writeUInt32BE(bucketId, 1)
  key[5] = usageNames[name]
  return key
}

/** Current version of an object. Names sort as S3 lists them: by their UTF-8 bytes. */
export function objectKey(bucketId: number, name: string | Uint8Array): Buffer {
  const size = typeof name === 'string' ? Buffer.byteLength(name) : name.length
  const key = Buffer.allocUnsafe(5 + size)
  key[0] = spaces.object
  key.writeUInt32BE(bucketId, 1)
  if (typeof name === 'string') key.write(name, 5, 'utf8')
  else key.set(name, 5)
  return key
}

/** The bytes of the object's name within its key. */
export function nameOfObject(key: Buffer): Buffer {
  return key.subarray(5)
}

/** Says that the current object's bytes are to be taken to the tier of its class. */
export function pendingMoveKey(bucketId: number, name: string): Buffer {
  const key = objectKey(bucketId, name)
  key[0] = spaces.pendingMove
  return key
}

/** Key of the current object that such a row is about. */
export function objectOfPendingMove(key: Buffer): Buffer {
  const object = Buffer.from(key)
  object[0] = spaces.object
  return object
}

/** What lies below the current version of an object. */
export function stackKey(bucketId: number, name: string): Buffer {
  const key = objectKey(bucketId, name)
  key[0] = spaces.stack
  return key
}

/** Where the older versions of names ≥ `name` begin. */
export function historyPosition(bucketId: number, name: Uint8Array): Buffer {
  return groupedKey(spaces.history, bucketId, name)
}

/** An older version. Newest first under each name: the key ends with the complement of its number. */
export function historyKey(bucketId: number, name: Uint8Array, versionId: Buffer): Buffer {
  const position = historyPosition(bucketId, name)
  const key = Buffer.concat([position, versionId.subarray(0, VERSION_NUMBER_SIZE)])
  for (let at = position.length; at < key.length; at++) key[at] = 0xff - key[at]!
  return key
}

/** The bytes of the name in the key of an older version. */
export function nameOfHistory(key: Buffer): Buffer {
  return readGrouped(key.subarray(5, key.length - VERSION_NUMBER_SIZE))
}

/** Where the uploads of names ≥ `name` begin. */
export function uploadPosition(bucketId: number, name: Uint8Array): Buffer {
  return groupedKey(spaces.upload, bucketId, name)
}

/** An upload in progress. */
export function uploadKey(bucketId: number, name: Uint8Array, uploadId: Uint8Array): Buffer {
  return Buffer.concat([uploadPosition(bucketId, name), uploadId])
}

/** The bytes of the name in the key of an upload. */
export function nameOfUpload(key: Buffer): Buffer {
  return readGrouped(key.subarray(5, key.length - UPLOAD_ID_SIZE))
}

/** The id in the key of an upload. */
export function uploadIdOfUpload(key: Buffer): Buffer {
  return key.subarray(key.length - UPLOAD_ID_SIZE)
}

/** An uploaded part. */
export function partKey(uploadId: Uint8Array, partNumber: number): Buffer {
  const key = Buffer.allocUnsafe(1 + UPLOAD_ID_SIZE + 2)
  key[0] = spaces.part
  key.set(uploadId, 1)
  key.writeUInt16BE(partNumber, 1 + UPLOAD_ID_SIZE)
  return key
}

/** The number in the key of a part. */
export function partNumberOfPart(key: Buffer): number {
  return key.readUInt16BE(1 + UPLOAD_ID_SIZE)
}

/** Counts the part uploads of one upload, so that Complete and Abort notice a late one. */
export function partChangeKey(uploadId: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([spaces.partChange]), uploadId])
}

/**
 * One page of the parts of a body; `start` is the offset of the page's first byte in the object.
 */
export function partListKey(bodyId: Place, start: number): Buffer {
  const key = Buffer.allocUnsafe(17)
  placeKey(spaces.partList, bodyId).copy(key)
  key.writeUInt32BE(Math.floor(start / 2 ** 32), 9)
  key.writeUInt32BE(start % 2 ** 32, 13)
  return key
}

/** What the keys of all pages of a body begin with. */
export function partListPrefix(bodyId: Place): Buffer {
  return placeKey(spaces.partList, bodyId)
}

/** Offset in the object of the first byte of a page. */
export function startOfPartList(key: Buffer): number {
  return key.readUInt32BE(9) * 2 ** 32 + key.readUInt32BE(13)
}

/** How many object rows share the body with this id. */
export function referenceKey(bodyId: Place): Buffer {
  return placeKey(spaces.reference, bodyId)
}

/** What blob `blob` left behind in `segment`. */
export function garbageKey(segment: number, blob: Place): Buffer {
  const key = Buffer.allocUnsafe(13)
  key[0] = spaces.garbage
  key.writeUInt32BE(segment, 1)
  key.writeUInt32BE(blob.segment, 5)
  key.writeUInt32BE(blob.offset, 9)
  return key
}

/** The segment the blob was first written to. */
export function segmentOfGarbage(key: Buffer): number {
  return key.readUInt32BE(1)
}

/** The blob that nothing names. */
export function blobOfGarbage(key: Buffer): Place {
  return { segment: key.readUInt32BE(5), offset: key.readUInt32BE(9) }
}

/** What blobs left behind in this segment. */
export function garbageRange(segment: number): KeyRange {
  return prefixRange(idKey(spaces.garbage, segment))
}

/** Counts the bytes of all garbage rows of this segment. */
export function garbageTotalKey(segment: number): Buffer {
  return idKey(spaces.garbageTotal, segment)
}

/** Of a key with a segment. */
export function segmentOfGarbageTotal(key: Buffer): number {
  return key.readUInt32BE(1)
}

/** How far the blobs in data segments are known to be accounted for. */
export const auditKey: Buffer = Buffer.from([spaces.audit])

/** Says that the totals hold for every garbage row there is. */
export const garbageTotalsKept: Buffer = Buffer.from([spaces.garbageTotal])

/** Which segments hold what lived in the segment with this id. */
export function lineageKey(segment: number): Buffer {
  return idKey(spaces.lineage, segment)
}

/** The segment that was replaced. */
export function segmentOfLineage(key: Buffer): number {
  return key.readUInt32BE(1)
}

/** The keys that begin with `prefix`, which is not all 0xff. */
export function prefixRange(prefix: Uint8Array): KeyRange {
  return { start: prefix, end: successor(prefix) }
}

/** The least byte string greater than every one that begins with `prefix` (not all 0xff). */
export function successor(prefix: Uint8Array): Buffer {
  let size = prefix.length
  while (size > 0 && prefix[size - 1] === 0xff) size -= 1
  if (size === 0) throw new RangeError('no successor')
  const next = Buffer.from(prefix.subarray(0, size))
  next[size - 1]! += 1
  return next
}

/** All rows of a space. */
export function spaceRange(space: number): KeyRange {
  return prefixRange(Buffer.from([space]))
}

export function bucketSpaceRange(space: number, bucketId: number): KeyRange {
  return prefixRange(idKey(space, bucketId))
}

function textKey(space: number, text: string): Buffer {
  const key = Buffer.allocUnsafe(1 + Buffer.byteLength(text))
  key[0] = space
  key.write(text, 1, 'utf8')
  return key
}

function idKey(space: number, id: number): Buffer {
  const key = Buffer.allocUnsafe(5)
  key[0] = space
  key.writeUInt32BE(id, 1)
  return key
}

function groupedKey(space: number, bucketId: number, name: Uint8Array): Buffer {
  const key = Buffer.allocUnsafe(5 + groupedSize(name.length))
  key[0] = space
  key.writeUInt32BE(bucketId, 1)
  writeGrouped(name, key, 5)
  return key
}

function placeKey(space: number, place: Place): Buffer {
  const key = Buffer.allocUnsafe(9)
  key[0] = space
  key.writeUInt32BE(place.segment, 1)
  key.writeUInt32BE(place.offset, 5)
  return key
}
