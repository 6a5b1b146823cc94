/** Which segments replaced which, in both directions. No I/O. */
import type { Catalog } from '../../catalog/catalog.ts'
import type { LineageEntry } from '../../engine/lookup/lineage.ts'
import { segmentOfLineage, spaceRange, spaces } from '../rows/keys.ts'
import { decodeLineage } from '../rows/lineage-row.ts'

/** Which segments replaced which, from the lineage rows. */
export class SegmentFamily {
  readonly #successors = new Map<number, readonly number[]>()
  readonly #predecessors = new Map<number, number[]>()

  constructor(entries: Iterable<LineageEntry>) {
    for (const entry of entries) this.add(entry)
  }

  static load(catalog: Catalog): SegmentFamily {
    const entries: LineageEntry[] = []
    for (const { key, value } of catalog.range(spaceRange(spaces.lineage))) {
      entries.push({ replaced: segmentOfLineage(key), successors: decodeLineage(value) })
    }
    return new SegmentFamily(entries)
  }

  add({ replaced, successors }: LineageEntry): void {
    this.#successors.set(replaced, successors)
    for (const successor of successors) {
      const known = this.#predecessors.get(successor)
      if (known === undefined) this.#predecessors.set(successor, [replaced])
      else known.push(replaced)
    }
  }

  get entries(): readonly LineageEntry[] {
    return Array.from(this.#successors, ([replaced, successors]) => ({ replaced, successors }))
  }

  /** Above every id that occurs: a segment of such an id must never be made again. */
  get nextId(): number {
    let max = 0
    for (const { replaced, successors } of this.entries)
      max = Math.max(max, replaced, ...successors)
    return max + 1
  }

  isReplaced(id: number): boolean {
    return this.#successors.has(id)
  }

  isSuccessor(id: number): boolean {
    return this.#predecessors.has(id)
  }

  /** Segments that now hold what `id` held: none that was replaced itself. */
  heirs(id: number): readonly number[] {
    const heirs: number[] = []
    const queue = [id]
    for (const next of queue) {
      const successors = this.#successors.get(next)
      if (successors !== undefined) queue.push(...successors)
      else heirs.push(next)
    }
    return heirs
  }

  /** The segment itself, and all whose records it took over: garbage is written down under them. */
  withAncestors(id: number): readonly number[] {
    const family = [id]
    for (const next of family) family.push(...(this.#predecessors.get(next) ?? []))
    return family
  }
}
