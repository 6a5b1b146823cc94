/** Where segment files lie below the data directory (docs/format.md#the-data-directory). */
import type { SegmentKind } from './types.ts'

export const folderNames = {
  data: 'hot',
  journal: 'journal',
  snapshot: 'snapshots',
} as const satisfies Record<SegmentKind, string>

export const UNFINISHED_SUFFIX = '.tmp'

/** Of a data or journal segment. */
export function segmentName(id: number): string {
  return `${hex(id, 8)}.seg`
}

/** Under which a snapshot is written until it is published. */
export function unfinishedName(id: number): string {
  return `${hex(id, 8)}${UNFINISHED_SUFFIX}`
}

export function snapshotName(sequence: number): string {
  return `${hex(sequence, 16)}.snap`
}

/** The id in the name of a segment or an unfinished snapshot; null for any other name. */
export function idOfName(name: string): number | null {
  const match = /^([0-9a-f]{8})\.(?:seg|tmp)$/.exec(name)
  return match?.[1] === undefined ? null : Number.parseInt(match[1], 16)
}

/** Whether a published snapshot is called so. */
export function isSnapshotName(name: string): boolean {
  return /^[0-9a-f]{16}\.snap$/.test(name)
}

function hex(value: number, width: number): string {
  return value.toString(16).padStart(width, '0')
}
