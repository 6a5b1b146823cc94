import { randomFillSync } from 'node:crypto'

const ID_SIZE = 8
const POOL_SIZE = 512 * ID_SIZE

/** Sixteen upper-case hex digits, as AWS's request ids look; unpredictable, so unforgeable. */
export class RequestIds {
  // One call for many ids: the system's random source costs more than the request's other steps.
  readonly #pool = Buffer.allocUnsafe(POOL_SIZE)
  #offset = POOL_SIZE

  next(): string {
    if (this.#offset === POOL_SIZE) {
      randomFillSync(this.#pool)
      this.#offset = 0
    }
    const id = this.#pool.toString('hex', this.#offset, this.#offset + ID_SIZE).toUpperCase()
    this.#offset += ID_SIZE
    return id
  }
}
