/** S3's five checksums, computed bit by bit from their definitions: slow, and nobody's library. */
import { createHash } from 'node:crypto'

export const checksumNames = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const
export type ChecksumName = (typeof checksumNames)[number]

/** Base64 of the big-endian digest, as the x-amz-checksum-* headers carry it. */
export function checksum(name: ChecksumName, data: Uint8Array): string {
  return digest(name, data).toString('base64')
}

/** The checksum of the parts' checksums, with their count. */
export function compositeChecksum(name: ChecksumName, parts: readonly Uint8Array[]): string {
  const digests = parts.map((part) => digest(name, part))
  return `${checksum(name, Buffer.concat(digests))}-${parts.length}`
}

function digest(name: ChecksumName, data: Uint8Array): Buffer {
  switch (name) {
    case 'crc32':
      return crc(data, crcTable(0xedb88320n), 4)
    case 'crc32c':
      return crc(data, crcTable(0x82f63b78n), 4)
    case 'crc64nvme':
      return crc(data, crcTable(0x9a6c9329ac4bc9b5n), 8)
    default:
      return createHash(name).update(data).digest()
  }
}

const tables = new Map<bigint, readonly bigint[]>()

function crcTable(polynomial: bigint): readonly bigint[] {
  const known = tables.get(polynomial)
  if (known !== undefined) return known
  const table = Array.from({ length: 256 }, (_, index) => {
    let value = BigInt(index)
    for (let bit = 0; bit < 8; bit++) {
      value = (value & 1n) === 1n ? (value >> 1n) ^ polynomial : value >> 1n
    }
    return value
  })
  tables.set(polynomial, table)
  return table
}

/** Reflected, all ones before and after: what the three CRCs have in common. */
function crc(data: Uint8Array, table: readonly bigint[], size: 4 | 8): Buffer {
  const ones = (1n << BigInt(size * 8)) - 1n
  let value = ones
  for (const byte of data) {
    value = (table[Number((value ^ BigInt(byte)) & 0xffn)] ?? 0n) ^ (value >> 8n)
  }
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(value ^ ones)
  return bytes.subarray(8 - size)
}
