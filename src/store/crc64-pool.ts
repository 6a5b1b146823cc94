import type { IHasher } from 'hash-wasm'
import { loadLate } from '../base/load-late.ts'

/** The one algorithm of forty that is wanted: the whole package takes 20 ms to load. */
const library = loadLate<Pick<typeof import('hash-wasm'), 'createCRC64'>>(
  'hash-wasm/dist/crc64.umd.min.js',
)

/** CRC-64/NVME, reflected. Source: NVM Express NVM Command Set 1.0, §5.2.1.3.4. */
const POLYNOMIAL = '9a6c9329ac4bc9b5'

/** Hashers kept for reuse; more may be in use at once. */
const IDLE_MAX = 64

/** Reuses CRC-64/NVME hashers: each is a WebAssembly instance and is slow to make. */
export class Crc64Pool {
  readonly #oneShot: IHasher
  readonly #idle: IHasher[] = []

  private constructor(oneShot: IHasher) {
    this.#oneShot = oneShot
  }

  static async open(): Promise<Crc64Pool> {
    return new Crc64Pool(await library().createCRC64(POLYNOMIAL))
  }

  /** The digest of bytes at hand, in one go. */
  digest(bytes: Uint8Array): Buffer {
    return Buffer.from(this.#oneShot.init().update(bytes).digest('binary'))
  }

  /** A hasher of the caller's own, ready for `update`, until it is given back. */
  async acquire(): Promise<IHasher> {
    return (this.#idle.pop() ?? (await library().createCRC64(POLYNOMIAL))).init()
  }

  release(hasher: IHasher): void {
    if (this.#idle.length < IDLE_MAX) this.#idle.push(hasher)
  }
}
