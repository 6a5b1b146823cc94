/**
 * What must hold between the rows of the store and the records in its segments, at every moment
 * when nothing is in flight. Throws with every breach found.
 */
import type { Catalog } from '../../src/catalog/catalog.ts'
import type { Segments } from '../../src/segment/segments.ts'
import { recordSpan } from '../../src/segment/types.ts'
import { SegmentFamily } from '../../src/store/compaction/segment-family.ts'
import { checkInvariants } from './invariants.ts'

export interface SegmentCheckOptions {
  /** A power loss has left holes where nothing had been acknowledged. */
  readonly holes?: boolean
  /** No record may be there of a blob that is neither named nor garbage. */
  readonly complete?: boolean
}

/** @throws Error that lists every breach */
export async function checkSegments(
  catalog: Catalog,
  segments: Segments,
  { holes = false, complete = false }: SegmentCheckOptions = {},
): Promise<void> {
  const { named, garbage } = checkInvariants(catalog)
  const family = SegmentFamily.load(catalog)
  const breaches: string[] = []
  /** Bytes that rows speak of, by "segment/blob", the segment as it is now. */
  const expected = new Map<string, number>()
  const recompressed = new Set<string>()
  const tiers = new Map(segments.list('data').map(({ id, tier }) => [id, tier]))
  const expect = (segment: number, blob: string, size: number) => {
    const heirs = family.heirs(segment)
    if (heirs.length !== 1) breaches.push(`${blob} in ${segment} has heirs ${heirs}`)
    const name = `${heirs[0]}/${blob}`
    expected.set(name, (expected.get(name) ?? 0) + size)
    const isMoved = heirs[0] !== segment && tiers.get(heirs[0] ?? 0) !== 'hot'
    if (isMoved) recompressed.add(name)
  }
  for (const [blob, ref] of named) {
    for (const { segment, storedSize } of ref.extents) expect(segment, blob, storedSize)
  }
  for (const [key, size] of garbage) {
    const [segment, ...blob] = key.split('/')
    expect(Number(segment), blob.join('/'), size)
  }
  const damages: string[] = []
  const found = await recordsOf(segments, family, { breaches, damages })
  if (!holes) breaches.push(...damages)
  for (const [name, size] of expected) {
    // What went to a colder tier was made smaller on the way; that it is whole, reads tell.
    const isSmaller = recompressed.has(name) && (found.get(name) ?? 0) > 0
    if (isSmaller && (found.get(name) ?? 0) <= size) continue
    if (found.get(name) !== size) breaches.push(`${name}: rows say ${size}, is ${found.get(name)}`)
  }
  for (const name of complete ? found.keys() : []) {
    if (!expected.has(name)) breaches.push(`${name}: ${found.get(name)} bytes of no known blob`)
  }
  if (breaches.length > 0) throw new Error(breaches.join('\n'))
}

/** Bytes of records by "segment/blob", in segments that were not replaced. */
async function recordsOf(
  segments: Segments,
  family: SegmentFamily,
  { breaches, damages }: { readonly breaches: string[]; readonly damages: string[] },
): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>()
  const homes = new Map<string, number>()
  for (const { id } of [...segments.list('data'), ...segments.list('journal')]) {
    if (family.isReplaced(id)) continue
    for await (const step of segments.scan(id, { payloads: true })) {
      if (step.step !== 'record') {
        if (step.step === 'damage') damages.push(`segment ${id} is damaged at ${step.start}`)
        continue
      }
      const { kind, blob, number, storedSize } = step.header
      if (kind !== 'chunk' && kind !== 'recipe') continue
      const name = `${id}/${blob.segment}/${blob.offset}`
      sizes.set(name, (sizes.get(name) ?? 0) + recordSpan(storedSize))
      const record = `${blob.segment}/${blob.offset} ${number}`
      const home = homes.get(record)
      if (home !== undefined) breaches.push(`${record} lies in ${home} and in ${id}`)
      homes.set(record, id)
    }
  }
  return sizes
}
