/**
 * Dead bytes by segment, counted by the very commits that write garbage rows and delete them: so
 * that what a delete sets free is known at once, without a walk over all that is dead.
 */

import type { Add, Put } from '../catalog/catalog.ts'
import { type Catalog, counterValue } from '../catalog/catalog.ts'
import { decodeGarbage } from './rows/garbage-row.ts'
import {
  garbageTotalKey,
  garbageTotalsKept,
  segmentOfGarbage,
  segmentOfGarbageTotal,
  spaceRange,
  spaces,
} from './rows/keys.ts'

export interface GarbageTotal {
  /** As in the keys of the garbage rows: where the blob was first written. */
  readonly segment: number
  readonly storedSize: number
}

/** Of durable rows, by ascending segment. */
export function* garbageTotals(catalog: Pick<Catalog, 'range'>): Generator<GarbageTotal> {
  for (const { key, value } of catalog.range(spaceRange(spaces.garbageTotal))) {
    if (key.length === garbageTotalsKept.length) continue
    yield { segment: segmentOfGarbageTotal(key), storedSize: counterValue(value) }
  }
}

/**
 * Counts what was written before there were totals, once. To be called at start, while nobody else
 * changes a row.
 */
export async function countGarbage(catalog: Catalog): Promise<void> {
  if (catalog.get(garbageTotalsKept) !== null) return
  const missing = new Map<number, number>()
  for (const { key, value } of catalog.range(spaceRange(spaces.garbage))) {
    const segment = segmentOfGarbage(key)
    missing.set(segment, (missing.get(segment) ?? 0) + decodeGarbage(value))
  }
  // A store without garbage has nothing to count, and is asked again.
  if (missing.size === 0) return
  for (const { segment, storedSize } of garbageTotals(catalog)) {
    missing.set(segment, (missing.get(segment) ?? 0) - storedSize)
  }
  const adds: Add[] = []
  for (const [segment, delta] of missing) {
    if (delta !== 0) adds.push({ key: garbageTotalKey(segment), delta })
  }
  const kept: Put = { key: garbageTotalsKept, value: Buffer.from([1]) }
  await catalog.commit({ puts: [kept], adds })
}
