/** What a look at a store can find. */
export type FindingKind =
  /** A file of the data directory, or one that is not there. */
  | 'file'
  /** Bytes of a segment that are not what was written. */
  | 'segment'
  /** The journal: a record, its order, its chain. */
  | 'journal'
  | 'snapshot'
  /** The index is not what the journal says. */
  | 'index'
  /** A row that does not decode, or does not fit the others. */
  | 'row'
  /** A blob that something names, or that is garbage, is not there as its row says. */
  | 'blob'
  | 'lineage'
  /** A counter is not the sum it should be. */
  | 'counter'
  /** Blobs that no row speaks of. */
  | 'orphan'
  /** A write that a power loss tore before anybody was told of it. */
  | 'torn'

export interface Finding {
  readonly kind: FindingKind
  /**
   * damage: something is not as it was written, or will not be served. note: nothing is lost, and
   * nothing needs to be done.
   */
  readonly weight: 'damage' | 'note'
  /** A file, a segment, or a bucket and key. */
  readonly where: string
  readonly what: string
}

/** Findings kept; of those beyond only the number is known. */
const FINDINGS_MAX = 10_000

/** Collects findings; the same words about the same place once. */
export class FindingList {
  readonly #findings = new Map<string, Finding>()
  readonly #counts = { damage: 0, note: 0 }

  get all(): readonly Finding[] {
    return [...this.#findings.values()]
  }

  /** Of all, those that were not kept included. */
  get damageCount(): number {
    return this.#counts.damage
  }

  get noteCount(): number {
    return this.#counts.note
  }

  damage(kind: FindingKind, where: string, what: string): void {
    this.#add({ kind, weight: 'damage', where, what })
  }

  note(kind: FindingKind, where: string, what: string): void {
    this.#add({ kind, weight: 'note', where, what })
  }

  #add(finding: Finding): void {
    const name = `${finding.kind} ${finding.where} ${finding.what}`
    if (this.#findings.has(name)) return
    this.#counts[finding.weight] += 1
    if (this.#findings.size < FINDINGS_MAX) this.#findings.set(name, finding)
  }
}
