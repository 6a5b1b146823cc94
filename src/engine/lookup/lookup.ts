/**
 * Finds a record: at its hint; or, when that segment has been replaced, among its heirs, where
 * Bloom bits rule out all but one, whose index page gives the offset.
 */

import { SegmentError } from '../../segment/errors.ts'
import type { Segments } from '../../segment/segments.ts'
import type { Place, RecordKey, StoredRecord } from '../../segment/types.ts'
import { EngineError } from '../errors.ts'
import type { MutableCounters } from '../events.ts'
import type { Heat } from '../tiering/heat.ts'
import type { Lineage } from './lineage.ts'

export interface RecordHint {
  /** Where the record was first written. */
  readonly place: Place
  /** Of its payload, or a little more; undefined when nobody knows. */
  readonly storedSize: number | undefined
}

export interface LookupParts {
  readonly segments: Segments
  readonly lineage: Lineage
  readonly counters: MutableCounters
  /** Told of every record that is read. */
  readonly heat?: Heat | null
}

/** A record moves at most once per compaction, and those are minutes apart. */
const ATTEMPTS_MAX = 5

export class Lookup {
  readonly #segments: Segments
  readonly #lineage: Lineage
  readonly #counters: MutableCounters
  readonly #heat: Heat | null

  constructor({ segments, lineage, counters, heat = null }: LookupParts) {
    this.#segments = segments
    this.#lineage = lineage
    this.#counters = counters
    this.#heat = heat
  }

  /** @throws SegmentError, or EngineError `missing` when no live segment has the record */
  async read(key: RecordKey, hint: RecordHint): Promise<StoredRecord> {
    let { place } = hint
    for (let attempt = 1; ; attempt++) {
      let isLocating = !this.#segments.has(place.segment)
      try {
        if (isLocating) place = await this.#locate(key, hint.place.segment)
        isLocating = false
        this.#heat?.touch(place.segment)
        return proven(await this.#segments.read(place, hint.storedSize), key)
      } catch (error) {
        // A segment that was replaced while the read was under way has heirs now.
        const isReplaced = error instanceof SegmentError && error.kind === 'missing-segment'
        const isGone = isReplaced && (isLocating || !this.#segments.has(place.segment))
        if (!isGone || attempt === ATTEMPTS_MAX) throw error
      }
    }
  }

  async #locate(key: RecordKey, replaced: number): Promise<Place> {
    this.#counters.lookups += 1
    for (const id of this.#lineage.heirs(replaced, (heir) => this.#segments.has(heir))) {
      if (!this.#segments.mayHold(id, key)) {
        this.#counters.bloomNegatives += 1
        continue
      }
      const { place, reads } = await this.#segments.find(id, key)
      this.#counters.lookupReads += reads
      if (place !== null) {
        this.#counters.bloomPositives += 1
        return place
      }
      this.#counters.bloomFalsePositives += 1
    }
    const { blob, number } = key
    const name = `${blob.segment}:${blob.offset} number ${number}`
    throw new EngineError('missing', `blob ${name} is in no live segment`)
  }
}

/** A valid record of another blob in this place is damage too: a reference was followed wrongly. */
function proven(record: StoredRecord, key: RecordKey): StoredRecord {
  const { blob, number, place } = record.header
  const isSame =
    blob.segment === key.blob.segment && blob.offset === key.blob.offset && number === key.number
  if (isSame) return record
  const file = `segment ${place.segment}`
  throw new SegmentError('corruption', { file, offset: place.offset, field: 'blob id' })
}
