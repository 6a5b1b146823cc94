import type { Row } from './overlay.ts'

interface PendingRow {
  row: Row
  /** Commits not yet settled that have changed this key. */
  count: number
}

/** Rows of commits that were submitted and are not durable yet: what checks are made against. */
export class PendingRows {
  readonly #rows = new Map<string, PendingRow>()

  /** Undefined when no pending commit has changed this key. */
  get(key: string): Row | undefined {
    return this.#rows.get(key)?.row
  }

  set(key: string, row: Row): void {
    const pending = this.#rows.get(key)
    if (pending === undefined) {
      this.#rows.set(key, { row, count: 1 })
    } else {
      pending.row = row
      pending.count++
    }
  }

  /** Takes back one `set` of this key: commits settle in the order they were submitted. */
  settle(key: string): void {
    const pending = this.#rows.get(key)
    if (pending !== undefined && --pending.count === 0) this.#rows.delete(key)
  }

  /** All pending commits were rejected. */
  clear(): void {
    this.#rows.clear()
  }
}
