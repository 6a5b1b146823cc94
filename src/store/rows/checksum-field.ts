/** Checksums as rows keep them: one byte for algorithm and type, and the raw digest. */
import type { ChecksumAlgorithm, ChecksumType } from '../../model/checksum.ts'
import { damagedRow } from './row-bytes.ts'

/** Numbers on disk, for ever. */
const numbers = { CRC32: 1, CRC32C: 2, CRC64NVME: 3, SHA1: 4, SHA256: 5 } as const satisfies Record<
  ChecksumAlgorithm,
  number
>
const algorithms = Object.keys(numbers) as ChecksumAlgorithm[]
/** Size of the raw digest in bytes. */
export const digestSizes = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
} as const satisfies Record<ChecksumAlgorithm, number>

const COMPOSITE_BIT = 0x80

export interface ChecksumKind {
  readonly algorithm: ChecksumAlgorithm
  readonly type: ChecksumType
}

/** 0 when there is none. */
export function checksumByte(kind: ChecksumKind | null): number {
  if (kind === null) return 0
  return numbers[kind.algorithm] | (kind.type === 'COMPOSITE' ? COMPOSITE_BIT : 0)
}

export function checksumKindOf(byte: number, row: string): ChecksumKind | null {
  if (byte === 0) return null
  const kind = byByte.get(byte)
  if (kind === undefined) throw damagedRow(row, 'checksum algorithm')
  return kind
}

const types = ['FULL_OBJECT', 'COMPOSITE'] as const
const byByte: ReadonlyMap<number, ChecksumKind> = new Map(
  algorithms.flatMap((algorithm) =>
    types.map((type) => [checksumByte({ algorithm, type }), { algorithm, type }] as const),
  ),
)
