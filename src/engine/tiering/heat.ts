/**
 * How much each segment is read: a count that halves with time. It costs a read one entry in a map
 * and nothing to wait for; that counts are lost with a crash does no harm.
 */

export interface HeatOptions {
  /** After this long without a read, half of the heat is left. */
  readonly halfLifeMs: number
}

const DAY_MS = 86_400_000
const defaults: HeatOptions = { halfLifeMs: DAY_MS }
/** Cooler than this is cold: forgotten. */
const HEAT_MIN = 0.01

/** One per store; the engine tells it of reads, whoever moves segments asks it. */
export class Heat {
  readonly #options: HeatOptions
  readonly #bySegment = new Map<number, number>()
  #cooledAt: number
  #isChanged = false

  /** `now` in milliseconds since the Unix epoch, as everywhere here. */
  constructor(now: number, options: Partial<HeatOptions> = {}) {
    this.#options = { ...defaults, ...options }
    this.#cooledAt = now
  }

  /** One record of the segment was read. */
  touch(segment: number): void {
    this.#bySegment.set(segment, (this.#bySegment.get(segment) ?? 0) + 1)
    this.#isChanged = true
  }

  /** Lets time pass. A clock that was set back cools nothing. */
  cool(now: number): void {
    const elapsedMs = now - this.#cooledAt
    this.#cooledAt = now
    if (elapsedMs <= 0) return
    const factor = 2 ** (-elapsedMs / this.#options.halfLifeMs)
    for (const [segment, heat] of this.#bySegment) {
      if (heat * factor < HEAT_MIN) this.#bySegment.delete(segment)
      else this.#bySegment.set(segment, heat * factor)
    }
  }

  /** Reads, each counting for less the longer ago it was. */
  of(segment: number): number {
    return this.#bySegment.get(segment) ?? 0
  }

  /** What was read in the old segments will be read in the new one. */
  inherit(sources: readonly number[], output: number | null): void {
    let heat = 0
    for (const source of sources) {
      heat += this.of(source)
      this.#bySegment.delete(source)
    }
    if (output !== null && heat > 0) this.#bySegment.set(output, heat)
    this.#isChanged = true
  }

  /** As of the last `cool`. */
  get cooledAt(): number {
    return this.#cooledAt
  }

  get entries(): ReadonlyMap<number, number> {
    return this.#bySegment
  }

  restore(entries: Iterable<readonly [segment: number, heat: number]>): void {
    for (const [segment, heat] of entries) this.#bySegment.set(segment, heat)
  }

  /** True once after each time something was read; whoever asks saves it. */
  takeChanged(): boolean {
    const isChanged = this.#isChanged
    this.#isChanged = false
    return isChanged
  }
}
