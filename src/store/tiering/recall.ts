/**
 * Notices objects that are read though their bytes went to a colder tier as they aged, so that they
 * can be taken back. What its storage class put in a colder tier stays there, however much it is
 * read. In memory, and bounded: what is forgotten is noticed again when it is read again.
 */
import type { Clock } from '../../platform/clock.ts'
import type { BodySlice } from '../body-slices.ts'
import type { ObjectFields } from '../rows/object-row.ts'
import type { MovingContext } from '../store-context.ts'
import type { PlacedVersion } from './placed-version.ts'

/** Objects whose reads are counted, and that wait to be taken back. */
const OBJECT_COUNT_MAX = 10_000
/** Reads of the whole, each counting for half as much a day later, that take it back. */
const READS_MIN = 1.5
const HALF_LIFE_MS = 86_400_000

interface Reads {
  readonly count: number
  readonly at: number
}

/** One per store: the store tells it of reads, tiering asks it. */
export class Recall {
  readonly #engine: MovingContext['engine']
  readonly #clock: Clock
  /** By row key; the one read last comes last. */
  readonly #reads = new Map<string, Reads>()
  readonly #wanted = new Map<string, PlacedVersion>()

  constructor({ engine, clock }: Pick<MovingContext, 'engine' | 'clock'>) {
    this.#engine = engine
    this.#clock = clock
  }

  /** These slices of an object are about to be read. Cheap. */
  note(version: PlacedVersion, object: ObjectFields, slices: readonly BodySlice[]): void {
    const [slice] = slices
    if (slice === undefined || object.tier !== 'hot') return
    if (this.#engine.tierOf(slice.ref) === 'hot') return
    const text = version.key.toString('latin1')
    const now = this.#clock.now()
    const before = this.#reads.get(text) ?? { count: 0, at: now }
    const left = before.count * 2 ** (-Math.max(0, now - before.at) / HALF_LIFE_MS)
    const size = slices.reduce((sum, { range }) => sum + range.end - range.start, 0)
    const count = left + size / object.size
    this.#reads.delete(text)
    if (count < READS_MIN) this.#reads.set(text, { count, at: now })
    else if (this.#wanted.size < OBJECT_COUNT_MAX) this.#wanted.set(text, version)
    const [oldest] = this.#reads.keys()
    if (this.#reads.size > OBJECT_COUNT_MAX && oldest !== undefined) this.#reads.delete(oldest)
  }

  /** What is to be taken back next, once; null when there is nothing. */
  next(): PlacedVersion | null {
    for (const [text, version] of this.#wanted) {
      this.#wanted.delete(text)
      return version
    }
    return null
  }
}
