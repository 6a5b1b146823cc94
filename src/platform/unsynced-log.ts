/**
 * The changes of one file or folder that are not durable yet, in order. A sync that succeeds makes
 * durable what it covered; one that fails dooms it: no later sync makes it durable, as on Linux,
 * where a failed writeback leaves the page clean (fsyncgate). Doomed changes stay visible to
 * readers and may or may not survive a crash.
 */
export interface UnsyncedEntry<Change> {
  readonly change: Change
  state: 'unsynced' | 'doomed' | 'durable'
}

export class UnsyncedLog<Change> {
  #entries: UnsyncedEntry<Change>[] = []
  readonly #absorb: (change: Change) => void

  /** @param absorb  applies a change to the durable image; called in order */
  constructor(absorb: (change: Change) => void) {
    this.#absorb = absorb
  }

  get entries(): readonly UnsyncedEntry<Change>[] {
    return this.#entries
  }

  add(change: Change): void {
    this.#entries.push({ change, state: 'unsynced' })
  }

  /** What a sync that starts now covers. */
  cover(): readonly UnsyncedEntry<Change>[] {
    return this.#entries.slice()
  }

  confirm(covered: readonly UnsyncedEntry<Change>[]): void {
    for (const entry of covered) if (entry.state === 'unsynced') entry.state = 'durable'
    // A durable change behind a doomed one waits in the list: the image is built in order.
    let count = 0
    for (const entry of this.#entries) {
      if (entry.state !== 'durable') break
      this.#absorb(entry.change)
      count++
    }
    this.#entries.splice(0, count)
  }

  doom(covered: readonly UnsyncedEntry<Change>[]): void {
    for (const entry of covered) if (entry.state === 'unsynced') entry.state = 'doomed'
  }

  /** Takes over the entries of another log, as they stand. */
  adopt(entries: readonly UnsyncedEntry<Change>[]): void {
    for (const entry of entries) this.#entries.push({ ...entry })
  }
}
