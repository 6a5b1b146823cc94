/**
 * Index pages of a sealed segment (docs/format.md#footer): entries of 16 bytes, sorted by blob
 * segment, blob offset, number, all unsigned. The order is the order of the bytes as integers, so a
 * page is searched as it lies, without decoding it.
 */
import type { RecordKey } from './types.ts'

export const INDEX_ENTRY_SIZE = 16
export const INDEX_PAGE_ENTRIES_MAX = 4096

export interface IndexEntry extends RecordKey {
  /** Of the record in this segment. */
  readonly offset: number
}

export function encodeIndexPage(entries: readonly IndexEntry[]): Buffer {
  const page = Buffer.allocUnsafe(entries.length * INDEX_ENTRY_SIZE)
  let at = 0
  for (const entry of entries) {
    page.writeUInt32LE(entry.blob.segment, at)
    page.writeUInt32LE(entry.blob.offset, at + 4)
    page.writeUInt32LE(entry.number, at + 8)
    page.writeUInt32LE(entry.offset, at + 12)
    at += INDEX_ENTRY_SIZE
  }
  return page
}

/** Whether a payload can be a page; what it says is covered by the CRC of its record. */
export function isIndexPage(payload: Buffer): boolean {
  const count = payload.length / INDEX_ENTRY_SIZE
  return Number.isInteger(count) && count >= 1 && count <= INDEX_PAGE_ENTRIES_MAX
}

/** The entries of a page whose record verifies. */
export function decodeIndexPage(page: Buffer): IndexEntry[] {
  const entries: IndexEntry[] = []
  for (let at = 0; at < page.length; at += INDEX_ENTRY_SIZE) {
    entries.push({
      blob: { segment: page.readUInt32LE(at), offset: page.readUInt32LE(at + 4) },
      number: page.readUInt32LE(at + 8),
      offset: page.readUInt32LE(at + 12),
    })
  }
  return entries
}

/** Offset of the record with this key, or null. */
export function searchIndexPage(page: Buffer, key: RecordKey): number | null {
  const index = lastNotAfter(page, key)
  if (index < 0) return null
  const at = index * INDEX_ENTRY_SIZE
  return compareWithKey(page, at, key) === 0 ? page.readUInt32LE(at + 12) : null
}

/** Index of the last 16-byte entry whose key is not after `key`; -1 when all are. */
export function lastNotAfter(entries: Buffer, key: RecordKey): number {
  let low = 0
  let high = entries.length / INDEX_ENTRY_SIZE
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareWithKey(entries, middle * INDEX_ENTRY_SIZE, key) <= 0) low = middle + 1
    else high = middle
  }
  return low - 1
}

function compareWithKey(entries: Buffer, at: number, key: RecordKey): number {
  const bySegment = entries.readUInt32LE(at) - key.blob.segment
  if (bySegment !== 0) return bySegment
  const byOffset = entries.readUInt32LE(at + 4) - key.blob.offset
  return byOffset !== 0 ? byOffset : entries.readUInt32LE(at + 8) - key.number
}
