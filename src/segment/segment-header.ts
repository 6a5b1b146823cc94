/**
 * The first 128 bytes of every segment file (docs/format.md#segment-header-128-bytes).
 *
 * Magic, format version and the CRC keep their places in every version to come, so that a file of a
 * later version is told from a damaged one.
 */
import assert from 'node:assert/strict'
import { crc32c } from '@node-rs/crc32'
import { type Decoded, isZero } from './decoded.ts'
import type { ChainHeader } from './segments.ts'
import { type SegmentKind, segmentKinds, type Tier, tiers } from './types.ts'

export const SEGMENT_HEADER_SIZE = 128
export const SEGMENT_FORMAT_VERSION = 1
/** What a decoder answers for a header that verifies but was written by a later version. */
export const VERSION_FIELD = 'format version'

export interface SegmentHeader extends ChainHeader {
  readonly kind: SegmentKind
  readonly tier: Tier
  readonly id: number
  /** 16 bytes. */
  readonly storeId: Uint8Array
  readonly nonce: number
  readonly lane: number
  readonly createdAt: number
}

export const emptyChainHeader: ChainHeader = {
  previousSegment: 0,
  previousEnd: 0,
  firstSequence: 0,
  chain: new Uint8Array(32),
}

const MAGIC = Buffer.from('VARVESEG', 'latin1')
const CRC_AT = 124

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_SIZE)
  bytes.set(MAGIC, 0)
  bytes.writeUInt16LE(SEGMENT_FORMAT_VERSION, 8)
  bytes.writeUInt8(segmentKinds[header.kind], 10)
  bytes.writeUInt8(tiers[header.tier], 11)
  bytes.writeUInt32LE(header.id, 12)
  bytes.set(header.storeId, 16)
  bytes.writeUInt32LE(header.nonce, 32)
  bytes.writeUInt32LE(header.lane, 36)
  bytes.writeBigUInt64LE(BigInt(header.createdAt), 40)
  bytes.writeUInt32LE(header.previousSegment, 48)
  bytes.writeUInt32LE(header.previousEnd, 52)
  bytes.writeBigUInt64LE(BigInt(header.firstSequence), 56)
  bytes.set(header.chain, 64)
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, CRC_AT)), CRC_AT)
  return bytes
}

/** The first 128 bytes of a file, or the first field that does not hold. */
export function decodeSegmentHeader(bytes: Buffer): Decoded<SegmentHeader> {
  if (bytes.length < SEGMENT_HEADER_SIZE) return { damaged: 'header is cut short' }
  if (!bytes.subarray(0, 8).equals(MAGIC)) return { damaged: 'magic' }
  if (bytes.readUInt32LE(CRC_AT) !== crc32c(bytes.subarray(0, CRC_AT))) {
    return { damaged: 'header crc' }
  }
  if (bytes.readUInt16LE(8) !== SEGMENT_FORMAT_VERSION) return { damaged: VERSION_FIELD }
  const kind = kindNames.get(bytes.readUInt8(10))
  if (kind === undefined) return { damaged: 'kind' }
  const tier = tierNames.get(bytes.readUInt8(11))
  if (tier === undefined) return { damaged: 'tier' }
  if (!isZero(bytes, 96, CRC_AT)) return { damaged: 'reserved bytes' }
  return {
    kind,
    tier,
    id: bytes.readUInt32LE(12),
    storeId: Buffer.from(bytes.subarray(16, 32)),
    nonce: bytes.readUInt32LE(32),
    lane: bytes.readUInt32LE(36),
    createdAt: Number(bytes.readBigUInt64LE(40)),
    previousSegment: bytes.readUInt32LE(48),
    previousEnd: bytes.readUInt32LE(52),
    firstSequence: Number(bytes.readBigUInt64LE(56)),
    chain: Buffer.from(bytes.subarray(64, 96)),
  }
}

const kindNames = new Map<number, SegmentKind>()
for (const name of Object.keys(segmentKinds) as SegmentKind[]) {
  kindNames.set(segmentKinds[name], name)
}
const tierNames = new Map<number, Tier>()
for (const name of Object.keys(tiers) as Tier[]) tierNames.set(tiers[name], name)

/** The 16 bytes of a UUID. */
export function parseStoreId(uuid: string): Buffer {
  const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex')
  assert(bytes.length === 16, 'store id is not a UUID')
  return bytes
}

/** The UUID of 16 bytes. */
export function formatStoreId(bytes: Uint8Array): string {
  const digits = Buffer.from(bytes).toString('hex')
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
