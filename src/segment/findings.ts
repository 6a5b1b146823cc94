import type { SegmentFinding } from './segments.ts'

/** More than this tells nobody more than the first ones did. */
const FINDINGS_MAX = 1000

/** Damage found, each place once, oldest first. */
export class Findings {
  readonly #byPlace = new Map<string, SegmentFinding>()

  get all(): readonly SegmentFinding[] {
    return [...this.#byPlace.values()]
  }

  add(finding: SegmentFinding): void {
    const place = `${finding.file}:${finding.offset}`
    if (this.#byPlace.size >= FINDINGS_MAX || this.#byPlace.has(place)) return
    this.#byPlace.set(place, finding)
  }
}
