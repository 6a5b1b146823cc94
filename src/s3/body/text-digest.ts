import { hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { crc32c } from '@node-rs/crc32'
import { unreachable } from '../../base/unreachable.ts'
import type { ChecksumAlgorithm } from '../../model/checksum.ts'

/** Base64 checksum of a document's bytes, as its x-amz-checksum-… header has it. */
export function textChecksum(algorithm: ChecksumAlgorithm, bytes: Buffer): string {
  switch (algorithm) {
    case 'CRC32':
      return base64Of32(crc32(bytes))
    case 'CRC32C':
      return base64Of32(crc32c(bytes))
    case 'CRC64NVME':
      return crc64nvme(bytes)
    case 'SHA1':
      return hash('sha1', bytes, 'base64')
    case 'SHA256':
      return hash('sha256', bytes, 'base64')
    default:
      return unreachable(algorithm)
  }
}

function base64Of32(value: number): string {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeUInt32BE(value)
  return bytes.toString('base64')
}

/**
 * CRC-64/NVME by table, in two halves of 32 bits. Documents are small; objects are hashed by the
 * store, in WebAssembly, which is not worth an instance here.
 */
function crc64nvme(bytes: Buffer): string {
  let high = -1
  let low = -1
  for (const byte of bytes) {
    const index = ((low ^ byte) & 0xff) * 2
    low = ((low >>> 8) | (high << 24)) ^ CRC64_TABLE[index]!
    high = (high >>> 8) ^ CRC64_TABLE[index + 1]!
  }
  const digest = Buffer.allocUnsafe(8)
  digest.writeInt32BE(~high, 0)
  digest.writeInt32BE(~low, 4)
  return digest.toString('base64')
}

/** Low and high half of each entry. Source of the polynomial: NVM Command Set 1.0, §5.2.1.3.4. */
const CRC64_TABLE = crc64Table(0x9a6c9329ac4bc9b5n)

function crc64Table(polynomial: bigint): Int32Array {
  const table = new Int32Array(512)
  for (let byte = 0; byte < 256; byte++) {
    let crc = BigInt(byte)
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ polynomial : crc >> 1n
    table[byte * 2] = Number(BigInt.asIntN(32, crc))
    table[byte * 2 + 1] = Number(BigInt.asIntN(32, crc >> 32n))
  }
  return table
}
