/** Which segments replaced which. */
export class Lineage {
  readonly #successors = new Map<number, readonly number[]>()

  constructor(entries: Iterable<LineageEntry> = []) {
    this.add(entries)
  }

  add(entries: Iterable<LineageEntry>): void {
    for (const { replaced, successors } of entries) this.#successors.set(replaced, successors)
  }

  /**
   * Segments that may hold what `segment` held, nearest first; of those that were replaced
   * themselves, their successors. Each once.
   */
  *heirs(segment: number, isLive: (id: number) => boolean): Generator<number> {
    const seen = new Set<number>([segment])
    const queue = [segment]
    for (const id of queue) {
      for (const successor of this.#successors.get(id) ?? []) {
        if (seen.has(successor)) continue
        seen.add(successor)
        if (isLive(successor)) yield successor
        else queue.push(successor)
      }
    }
  }
}

export interface LineageEntry {
  readonly replaced: number
  readonly successors: readonly number[]
}
