/** Tells what a segment file found at start is: sealed, unsealed, damaged, or nothing at all. */
import type { FileHandle } from '../platform/file-system.ts'
import { isDamage } from './decoded.ts'
import { SegmentError } from './errors.ts'
import {
  decodeFooter,
  decodeTrailer,
  type Footer,
  hasTrailerMagic,
  TRAILER_SIZE,
  type Trailer,
} from './footer.ts'
import { damageError, readRecord } from './record-reader.ts'
import { salvageNonce } from './salvage-nonce.ts'
import {
  decodeSegmentHeader,
  emptyChainHeader,
  SEGMENT_HEADER_SIZE,
  type SegmentHeader,
  VERSION_FIELD,
} from './segment-header.ts'
import type { SegmentFinding } from './segments.ts'
import type { SegmentKind } from './types.ts'

/** What the name and the folder of the file promise. */
export interface ExpectedSegment {
  readonly kind: SegmentKind
  /** Null for a snapshot, whose name does not tell it. */
  readonly id: number | null
  readonly storeId: Uint8Array
}

export interface FoundSegment {
  readonly header: SegmentHeader
  /** The header does not verify; what `header` says is the name's word, not the file's. */
  readonly damaged: boolean
  /** Null when no record of the file can be proven. */
  readonly nonce: number | null
  readonly footer: Footer | null
  readonly fileSize: number
  readonly findings: readonly SegmentFinding[]
}

/**
 * Null for a file that never held a record: the creation of a segment that was cut short.
 *
 * @throws SegmentError `unknown-version`
 */
export async function inspectSegment(
  handle: FileHandle,
  expected: ExpectedSegment,
): Promise<FoundSegment | null> {
  const file = handle.path
  const fileSize = await handle.size()
  const bytes = Buffer.alloc(SEGMENT_HEADER_SIZE)
  const found = bytes.subarray(0, await handle.read(bytes, 0))
  const header = decodeSegmentHeader(found)
  const field = isDamage(header) ? header.damaged : mismatch(header, expected)
  if (field === VERSION_FIELD) throw damageError(file, 8, field)
  if (!isDamage(header) && field === null) {
    const { nonce } = header
    const findings: SegmentFinding[] = []
    const footer = await readFooter(handle, { id: header.id, nonce, fileSize }, findings)
    return { header, damaged: false, nonce, footer, fileSize, findings }
  }
  // The header was made durable before the first record was written.
  if (fileSize <= SEGMENT_HEADER_SIZE) return null
  const findings = [{ file, offset: 0, field: field ?? 'header' }]
  if (expected.id === null) throw new SegmentError('corruption', findings[0])
  // A whole header of another store or segment is a file in the wrong place: nothing in it counts.
  const nonce = isDamage(header) ? await salvageNonce(handle, expected.id) : null
  const size = { id: expected.id, nonce: nonce ?? 0, fileSize }
  const footer = nonce === null ? null : await readFooter(handle, size, findings)
  const stand = standIn(expected.id, expected)
  return { header: stand, damaged: true, nonce, footer, fileSize, findings }
}

function mismatch(header: SegmentHeader, expected: ExpectedSegment): string | null {
  if (Buffer.compare(header.storeId, expected.storeId) !== 0) return 'store id'
  if (header.kind !== expected.kind) return 'kind'
  return expected.id === null || header.id === expected.id ? null : 'segment id'
}

function standIn(id: number, { kind, storeId }: ExpectedSegment): SegmentHeader {
  return { kind, tier: 'hot', id, storeId, nonce: 0, lane: 0, createdAt: 0, ...emptyChainHeader }
}

/** Null when the segment is not sealed, or its footer is damaged: then it is sealed again. */
async function readFooter(
  handle: FileHandle,
  file: { readonly id: number; readonly nonce: number; readonly fileSize: number },
  findings: SegmentFinding[],
): Promise<Footer | null> {
  const trailer = await readTrailer(handle, file, findings)
  if (trailer === null) return null
  const offset = trailer.footerOffset
  try {
    const home = { nonce: file.nonce, segment: file.id, offset }
    const { header, payload } = await readRecord(
      handle,
      home,
      file.fileSize - TRAILER_SIZE - offset,
    )
    const footer = decodeFooter(payload)
    if (!isDamage(footer) && header.kind === 'footer') return footer
    const field = isDamage(footer) ? footer.damaged : 'footer kind'
    findings.push({ file: handle.path, offset, field })
  } catch (error) {
    if (!(error instanceof SegmentError) || error.kind !== 'corruption') throw error
    findings.push({ file: handle.path, offset, field: `footer: ${error.detail.field}` })
  }
  return null
}

async function readTrailer(
  handle: FileHandle,
  file: { readonly id: number; readonly fileSize: number },
  findings: SegmentFinding[],
): Promise<Trailer | null> {
  const offset = file.fileSize - TRAILER_SIZE
  if (offset < SEGMENT_HEADER_SIZE) return null
  const bytes = Buffer.alloc(TRAILER_SIZE)
  const found = bytes.subarray(0, await handle.read(bytes, offset))
  const trailer = decodeTrailer(found)
  if (isDamage(trailer)) {
    if (trailer.damaged === VERSION_FIELD) throw damageError(handle.path, offset, VERSION_FIELD)
    if (hasTrailerMagic(found) && !isTorn(found, offset)) {
      findings.push({ file: handle.path, offset, field: trailer.damaged })
    }
    return null
  }
  const inside = trailer.footerOffset >= SEGMENT_HEADER_SIZE && trailer.footerOffset < offset
  if (trailer.segment === file.id && inside) return trailer
  const field = inside ? 'trailer segment id' : 'trailer footer offset'
  findings.push({ file: handle.path, offset, field })
  return null
}

/** Disks write sectors whole: a write that was cut short ends at a bound between two of them. */
const SECTOR_SIZE = 512

/** Whether the end of a trailer never came: the sealing was cut short, and is done again. */
function isTorn(trailer: Buffer, offset: number): boolean {
  const firstPart = SECTOR_SIZE - (offset % SECTOR_SIZE)
  return firstPart < TRAILER_SIZE && trailer.subarray(firstPart).every((byte) => byte === 0)
}
