/**
 * What stays here of a file that lies elsewhere (docs/format.md#remote-stubs): its first and its
 * last bytes, which are read at start and for every lookup.
 */
import { crc32c } from '@node-rs/crc32'
import { ErrnoError } from '../errno-error.ts'

export interface RemoteStub {
  /** Of the whole file. */
  readonly fileSize: number
  readonly head: Buffer
  /** The bytes from `fileSize` minus its length on. */
  readonly tail: Buffer
}

const MAGIC = Buffer.from('VARVEREM', 'latin1')
const FORMAT_VERSION = 1
const FIXED_SIZE = 40
const CRC_AT = 36

export function encodeStub({ fileSize, head, tail }: RemoteStub): Buffer {
  const fixed = Buffer.alloc(FIXED_SIZE)
  fixed.set(MAGIC, 0)
  fixed.writeUInt16LE(FORMAT_VERSION, 8)
  fixed.writeUInt32LE(head.length, 12)
  fixed.writeBigUInt64LE(BigInt(fileSize), 16)
  fixed.writeBigUInt64LE(BigInt(tail.length), 24)
  fixed.writeUInt32LE(crc32c(tail, crc32c(head)), 32)
  fixed.writeUInt32LE(crc32c(fixed.subarray(0, CRC_AT)), CRC_AT)
  return Buffer.concat([fixed, head, tail])
}

/** @throws ErrnoError `EIO` when it does not verify: as a disk that cannot read it back */
export function decodeStub(bytes: Buffer, path: string): RemoteStub {
  const isWhole =
    bytes.length >= FIXED_SIZE &&
    bytes.subarray(0, 8).equals(MAGIC) &&
    bytes.readUInt32LE(CRC_AT) === crc32c(bytes.subarray(0, CRC_AT)) &&
    bytes.readUInt16LE(8) === FORMAT_VERSION
  if (!isWhole) throw new ErrnoError('EIO', 'read stub', path)
  const headEnd = FIXED_SIZE + bytes.readUInt32LE(12)
  const fileSize = Number(bytes.readBigUInt64LE(16))
  const end = headEnd + Number(bytes.readBigUInt64LE(24))
  const [head, tail] = [bytes.subarray(FIXED_SIZE, headEnd), bytes.subarray(headEnd, end)]
  const verifies = bytes.length === end && bytes.readUInt32LE(32) === crc32c(tail, crc32c(head))
  if (!verifies) throw new ErrnoError('EIO', 'read stub', path)
  return { fileSize, head, tail }
}
