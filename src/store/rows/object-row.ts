/**
 * A version of an object (docs/rows.md#object). A fixed head comes first, so that LIST
 * and the checks of a write decode no more than that; attributes and body are decoded when asked
 * for.
 */
import type { BlobRef } from '../../engine/blob-store.ts'
import type { ChecksumAlgorithm } from '../../model/checksum.ts'
import type { StorageClass } from '../../model/storage-class.ts'
import { type Place, type Tier, tiers } from '../../segment/types.ts'
import {
  readAttributes,
  type StoredAttributes,
  storageClassByte,
  storageClassOf,
  writeAttributes,
} from './attributes-field.ts'
import { readBlobRef, writeBlobRef } from './blob-ref-field.ts'
import { type ChecksumKind, checksumByte, checksumKindOf, digestSizes } from './checksum-field.ts'
import { UPLOAD_ID_SIZE } from './keys.ts'
import { type BodyPart, readBodyParts, writeBodyParts } from './part-list-row.ts'
import { damagedRow, RowReader, RowWriter, requireRowVersion } from './row-bytes.ts'
import { type StoredVersion, unversioned, VERSION_ID_SIZE } from './version-field.ts'

const VERSION = 1
/** Of a row with a version id; one written without versioning stays as it was. */
const VERSION_WITH_ID = 2
const ROW = 'object'
const HEAD_SIZE = 56
const ETAG_SIZE = 16

const tierNames = Object.keys(tiers) as readonly Tier[]

const FLAG_SHARED = 1
const FLAG_PART_LIST = 2
const FLAG_NULL = 4

export interface StoredChecksum extends ChecksumKind {
  /** Raw big-endian digest. */
  readonly digest: Buffer
}

export interface ObjectHeadFields {
  /** The body is counted in a reference row, because a copy was made of it. */
  readonly isShared: boolean
  /** The parts are in part list rows under `bodyId`. */
  readonly hasPartList: boolean
  readonly storageClass: StorageClass
  readonly checksum: StoredChecksum | null
  /** 0 for an object that was not uploaded in parts. */
  readonly partCount: number
  /** What the parts' digests are; null when there are none. A copy may differ in `checksum`. */
  readonly partChecksum: ChecksumAlgorithm | null
  readonly size: number
  readonly modifiedAt: number
  /** Raw MD5: of the bytes, or of the parts' MD5s. */
  readonly etag: Buffer
  /** What the body's records occupy on disk. */
  readonly storedSize: number
  /**
   * Where the body was put, and is counted. Small bodies ride in their commit, which is hot, until
   * they are taken to the tier of their class.
   */
  readonly tier: Tier
  /** Id of the body's first blob, which no other body has; null for a body without bytes. */
  readonly bodyId: Place | null
  /** Of the upload that made it; null for other objects and for copies. */
  readonly uploadId: Buffer | null
  /** `unversioned` for a row without one. */
  readonly version: StoredVersion
}

/** What the row itself holds of the body. */
export type InlineBody =
  | { readonly kind: 'empty' }
  | { readonly kind: 'blob'; readonly ref: BlobRef }
  | { readonly kind: 'parts'; readonly parts: readonly BodyPart[] }
  /** In part list rows. */
  | { readonly kind: 'part-list' }

export interface ObjectFields extends ObjectHeadFields {
  readonly attributes: StoredAttributes
  readonly body: InlineBody
}

/** As docs/rows.md#object lays it out. */
export function encodeObjectRow(object: ObjectFields): Buffer {
  const writer = new RowWriter()
  const { checksum, partChecksum, bodyId, version } = object
  writer.u8(version === unversioned ? VERSION : VERSION_WITH_ID)
  writer.u8(flagsOf(object))
  writer.u8(storageClassByte(object.storageClass)).u8(checksumByte(checksum))
  writer.u16(object.partCount)
  writer.u8(checksumByte(partChecksum && { algorithm: partChecksum, type: 'FULL_OBJECT' }))
  writer.u8(tiers[object.tier])
  writer.u64(object.size).u64(object.modifiedAt).bytes(object.etag).u64(object.storedSize)
  writer.u32(bodyId?.segment ?? 0).u32(bodyId?.offset ?? 0)
  if (version !== unversioned) writer.bytes(version.id)
  if (checksum !== null) writer.bytes(checksum.digest)
  if (object.partCount > 0) writer.bytes(object.uploadId ?? Buffer.alloc(UPLOAD_ID_SIZE))
  writeAttributes(writer, object.attributes)
  writeBody(writer, object)
  return writer.finish()
}

function flagsOf({ isShared, hasPartList, version }: ObjectHeadFields): number {
  const isNull = version !== unversioned && version.isNull
  return (
    (isShared ? FLAG_SHARED : 0) | (hasPartList ? FLAG_PART_LIST : 0) | (isNull ? FLAG_NULL : 0)
  )
}

/**
 * Reads the head only: what LIST, conditions and usage need. A thousand times a page: no reader.
 */
export function decodeObjectHead(row: Buffer): ObjectHeadFields {
  const hasId = row[0] === VERSION_WITH_ID
  if (!hasId) requireRowVersion(ROW, row, VERSION)
  const digestStart = hasId ? HEAD_SIZE + VERSION_ID_SIZE : HEAD_SIZE
  if (row.length < digestStart) throw damagedRow(ROW, 'size')
  const flags = row[1]!
  const known = FLAG_SHARED | FLAG_PART_LIST | (hasId ? FLAG_NULL : 0)
  if (flags > known) throw damagedRow(ROW, 'flags')
  const tier = tierNames[row[7]!]
  if (tier === undefined) throw damagedRow(ROW, 'tier')
  const kind = checksumKindOf(row[3]!, ROW)
  const partCount = row.readUInt16LE(4)
  const digestEnd = digestStart + (kind === null ? 0 : digestSizes[kind.algorithm])
  const end = digestEnd + (partCount > 0 ? UPLOAD_ID_SIZE : 0)
  if (row.length < end) throw damagedRow(ROW, 'size')
  const uploadId = partCount > 0 ? row.subarray(digestEnd, end) : null
  const segment = row.readUInt32LE(48)
  return {
    isShared: (flags & FLAG_SHARED) !== 0,
    hasPartList: (flags & FLAG_PART_LIST) !== 0,
    storageClass: storageClassOf(row[2]!, ROW),
    checksum: kind === null ? null : checksumOf(kind, row.subarray(digestStart, digestEnd)),
    partCount,
    partChecksum: checksumKindOf(row[6]!, ROW)?.algorithm ?? null,
    size: u64At(row, 8),
    modifiedAt: u64At(row, 16),
    etag: row.subarray(24, 24 + ETAG_SIZE),
    storedSize: u64At(row, 40),
    tier,
    bodyId: segment === 0 ? null : { segment, offset: row.readUInt32LE(52) },
    uploadId: uploadId?.every((byte) => byte === 0) ? null : uploadId,
    version: hasId ? versionAt(row, flags) : unversioned,
  }
}

function versionAt(row: Buffer, flags: number): StoredVersion {
  const id = row.subarray(HEAD_SIZE, HEAD_SIZE + VERSION_ID_SIZE)
  return { id, isNull: (flags & FLAG_NULL) !== 0 }
}

function checksumOf({ algorithm, type }: ChecksumKind, digest: Buffer): StoredChecksum {
  return { algorithm, type, digest }
}

function u64At(row: Buffer, offset: number): number {
  const high = row.readUInt32LE(offset + 4)
  if (high > 0x1fffff) throw damagedRow(ROW, 'integer')
  return high * 2 ** 32 + row.readUInt32LE(offset)
}

/** Head, attributes and body. Throws StoreError `corruption`. */
export function decodeObject(row: Buffer): ObjectFields {
  const head = decodeObjectHead(row)
  const versionIdSize = head.version === unversioned ? 0 : VERSION_ID_SIZE
  const digestSize = head.checksum?.digest.length ?? 0
  const uploadIdSize = head.partCount > 0 ? UPLOAD_ID_SIZE : 0
  const reader = new RowReader(ROW, row, HEAD_SIZE + versionIdSize + digestSize + uploadIdSize)
  const attributes = readAttributes(reader, ROW)
  const body = readBody(reader, head)
  reader.end()
  return { attributes, body, ...head }
}

/** The same row with the shared flag set, or null when it is set. */
export function markedShared(row: Buffer): Buffer | null {
  if (decodeObjectHead(row).isShared) return null
  const marked = Buffer.from(row)
  marked[1]! |= FLAG_SHARED
  return marked
}

function writeBody(writer: RowWriter, object: ObjectFields): void {
  const { body } = object
  if (body.kind === 'blob') writeBlobRef(writer, body.ref)
  if (body.kind === 'parts') writeBodyParts(writer, body.parts)
}

function readBody(reader: RowReader, head: ObjectHeadFields): InlineBody {
  if (head.hasPartList) return { kind: 'part-list' }
  if (head.partCount > 0) {
    const digestSize = head.partChecksum === null ? 0 : digestSizes[head.partChecksum]
    return { kind: 'parts', parts: readBodyParts(reader, head.partCount, digestSize) }
  }
  return head.bodyId === null ? { kind: 'empty' } : { kind: 'blob', ref: readBlobRef(reader) }
}
