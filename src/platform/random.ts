import { randomFillSync } from 'node:crypto'

/** Unpredictable bytes, replaceable in tests by a seeded source. */
export interface Random {
  /** Returns `size` fresh bytes that the caller owns. */
  bytes(size: number): Buffer
}

export const systemRandom: Random = {
  bytes: (size) => randomFillSync(Buffer.allocUnsafeSlow(size)),
}
