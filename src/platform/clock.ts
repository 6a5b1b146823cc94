/** Wall-clock time, replaceable in tests. Never used to order anything: sequences order. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }
