/** The hashes of a body: MD5 always, and the checksums asked for. */
import { createHash, type Hash, hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { crc32c } from '@node-rs/crc32'
import type { IHasher } from 'hash-wasm'
import { unreachable } from '../base/unreachable.ts'
import type { ChecksumAlgorithm } from '../model/checksum.ts'
import type { Crc64Pool } from './crc64-pool.ts'

export interface Digests {
  readonly md5: Buffer
  /** Raw, big-endian. */
  readonly checksums: ReadonlyMap<ChecksumAlgorithm, Buffer>
}

/** Hashes bytes at hand in one go. */
export function digestsOf(
  pool: Crc64Pool,
  bytes: Uint8Array,
  algorithms: readonly ChecksumAlgorithm[],
): Digests {
  const checksums = new Map<ChecksumAlgorithm, Buffer>()
  for (const algorithm of algorithms) checksums.set(algorithm, checksumOf(pool, bytes, algorithm))
  return { md5: digestOf('md5', bytes), checksums }
}

/** Hashes a body piece by piece. Must be closed. */
export class BodyDigester {
  readonly #md5 = createHash('md5')
  readonly #running: ReadonlyMap<ChecksumAlgorithm, RunningChecksum>

  private constructor(running: ReadonlyMap<ChecksumAlgorithm, RunningChecksum>) {
    this.#running = running
  }

  static async open(
    pool: Crc64Pool,
    algorithms: readonly ChecksumAlgorithm[],
  ): Promise<BodyDigester> {
    const running = new Map<ChecksumAlgorithm, RunningChecksum>()
    for (const algorithm of algorithms) {
      running.set(algorithm, await startChecksum(pool, algorithm))
    }
    return new BodyDigester(running)
  }

  update(piece: Uint8Array): void {
    this.#md5.update(piece)
    for (const checksum of this.#running.values()) checksum.update(piece)
  }

  /** Once, after the last piece. */
  finish(): Digests {
    const checksums = new Map<ChecksumAlgorithm, Buffer>()
    for (const [algorithm, checksum] of this.#running) checksums.set(algorithm, checksum.finish())
    return { md5: this.#md5.digest(), checksums }
  }

  close(): void {
    for (const checksum of this.#running.values()) checksum.close()
  }
}

interface RunningChecksum {
  update(piece: Uint8Array): void
  finish(): Buffer
  close(): void
}

function checksumOf(pool: Crc64Pool, bytes: Uint8Array, algorithm: ChecksumAlgorithm): Buffer {
  switch (algorithm) {
    case 'CRC32':
      return bigEndian32(crc32(bytes))
    case 'CRC32C':
      return bigEndian32(crc32c(bufferOf(bytes)))
    case 'CRC64NVME':
      return pool.digest(bytes)
    case 'SHA1':
      return digestOf('sha1', bytes)
    case 'SHA256':
      return digestOf('sha256', bytes)
    default:
      return unreachable(algorithm)
  }
}

async function startChecksum(
  pool: Crc64Pool,
  algorithm: ChecksumAlgorithm,
): Promise<RunningChecksum> {
  switch (algorithm) {
    case 'CRC32':
      return new RunningCrc32((piece, crc) => crc32(piece, crc))
    case 'CRC32C':
      return new RunningCrc32((piece, crc) => crc32c(bufferOf(piece), crc))
    case 'CRC64NVME':
      return new RunningCrc64(pool, await pool.acquire())
    case 'SHA1':
      return new RunningHash(createHash('sha1'))
    case 'SHA256':
      return new RunningHash(createHash('sha256'))
    default:
      return unreachable(algorithm)
  }
}

class RunningCrc32 implements RunningChecksum {
  readonly #step: (piece: Uint8Array, crc: number) => number
  #crc = 0

  constructor(step: (piece: Uint8Array, crc: number) => number) {
    this.#step = step
  }

  update(piece: Uint8Array): void {
    this.#crc = this.#step(piece, this.#crc)
  }

  finish(): Buffer {
    return bigEndian32(this.#crc)
  }

  close(): void {}
}

class RunningCrc64 implements RunningChecksum {
  readonly #pool: Crc64Pool
  #hasher: IHasher | null

  constructor(pool: Crc64Pool, hasher: IHasher) {
    this.#pool = pool
    this.#hasher = hasher
  }

  update(piece: Uint8Array): void {
    this.#hasher?.update(piece)
  }

  finish(): Buffer {
    if (this.#hasher === null) throw new Error('checksum was closed')
    return Buffer.from(this.#hasher.digest('binary'))
  }

  close(): void {
    if (this.#hasher !== null) this.#pool.release(this.#hasher)
    this.#hasher = null
  }
}

class RunningHash implements RunningChecksum {
  readonly #hash: Hash

  constructor(running: Hash) {
    this.#hash = running
  }

  update(piece: Uint8Array): void {
    this.#hash.update(piece)
  }

  finish(): Buffer {
    return this.#hash.digest()
  }

  close(): void {}
}

/** By way of a string: a Buffer that OpenSSL fills takes as long to make as 500 bytes to hash. */
function digestOf(algorithm: 'md5' | 'sha1' | 'sha256', bytes: Uint8Array): Buffer {
  return Buffer.from(hash(algorithm, bytes, 'binary'), 'latin1')
}

function bigEndian32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeUInt32BE(value, 0)
  return bytes
}

/** The same memory as a Buffer, which the native binding insists on. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
