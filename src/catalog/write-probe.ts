/**
 * Knows whether the catalog can write at this moment. Once a write has failed it tries by itself,
 * until one succeeds: a server that says it is not ready may get no request that would show that
 * its disk is well again.
 */
import { errnoOf } from '../platform/file-system.ts'
import type { Catalog } from './catalog.ts'
import type { CatalogEvent } from './events.ts'

const INTERVAL_MS = 1000

/** Told of the events of one catalog; tries until it is disposed of. */
export class WriteProbe implements AsyncDisposable {
  readonly #intervalMs: number
  #catalog: Pick<Catalog, 'commit'> | null = null
  #timer: NodeJS.Timeout | null = null
  #trying: Promise<void> | null = null
  #failure: unknown = null
  #isRebuilding = false
  #isClosed = false

  constructor({ intervalMs = INTERVAL_MS }: { readonly intervalMs?: number } = {}) {
    this.#intervalMs = intervalMs
  }

  /** Why writes cannot be acknowledged, in words for an operator; null when they can. */
  get problem(): string | null {
    if (this.#failure !== null) return `the catalog cannot write: ${inWords(this.#failure)}`
    return this.#isRebuilding ? 'the index is being made anew' : null
  }

  /** To be told every event of the catalog. */
  note(event: CatalogEvent): void {
    switch (event.event) {
      case 'group':
        if (this.#failure !== null) this.#failure = null
        return
      case 'groupFailed':
        this.#failure = event.cause
        this.#schedule()
        return
      case 'flushFailed':
        this.#schedule()
        return
      case 'rebuildStarted':
        this.#isRebuilding = true
        return
      case 'rebuilt':
        this.#isRebuilding = false
    }
  }

  /** From now on it can try. The catalog stays the caller's to close, after this. */
  watch(catalog: Pick<Catalog, 'commit'>): void {
    this.#catalog = catalog
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    await this.#trying
  }

  #schedule(): void {
    if (this.#isClosed || this.#timer !== null || this.#trying !== null) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#trying = this.#try().finally(() => {
        this.#trying = null
        if (this.#failure !== null) this.#schedule()
      })
    }, this.#intervalMs).unref()
  }

  /** An empty commit is a record like any other: what it meets, the next write would meet. */
  async #try(): Promise<void> {
    try {
      await this.#catalog?.commit({})
      this.#failure = null
    } catch (error) {
      this.#failure = error
    }
  }
}

function inWords(failure: unknown): string {
  const code = errnoIn(failure)
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return `the disk is full (${code})`
    case 'EROFS':
      return 'the file system is read-only (EROFS)'
    case 'EMFILE':
    case 'ENFILE':
      return `too many open files (${code})`
    case null:
      return failure instanceof Error ? failure.message : 'a write failed'
    default:
      return `a write failed (${code})`
  }
}

/** The errno of a failure lies at the bottom of its causes. */
function errnoIn(failure: unknown): string | null {
  const code = errnoOf(failure)
  if (code !== null || !(failure instanceof Error) || failure.cause === undefined) return code
  return errnoIn(failure.cause)
}
