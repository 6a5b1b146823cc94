/**
 * What reads are answered from: rows in memory over the index below. Rows reach the index in whole
 * groups and in one transaction with the journal position, so that a replay from there is exact.
 */
import { LRUCache } from 'lru-cache'
import type { Entry, KeyRange } from './catalog.ts'
import { asBuffer, keyAfter, keyBytes, keyText } from './key-text.ts'
import type { KvPosition, KvView, OrderedKv } from './kv/ordered-kv.ts'
import { Overlay, type Row } from './overlay.ts'

/** Bytes of rows of the index below that are kept at hand. */
const CACHE_SIZE = 16 * 1024 * 1024
/** What a row in memory takes beside its bytes, roughly. */
const ROW_OVERHEAD = 250

export class CatalogIndex {
  #kv: OrderedKv
  #active = new Overlay()
  /** On its way into the index; kept, and tried again, when that fails. */
  #flushing: Overlay | null = null
  #flush: Promise<number> | null = null
  /** Rows as the index below has them: one that changes leaves before its change is seen. */
  readonly #cache = new LRUCache<string, Buffer>({
    maxSize: CACHE_SIZE,
    sizeCalculation: (row, text) => text.length + row.length + ROW_OVERHEAD,
  })
  /** Key of the row that was last asked for and is not there: who writes it asks a second time. */
  #missing: string | null = null
  /** Grows whenever what a walk goes by changes. */
  #epoch = 0

  constructor(kv: OrderedKv) {
    this.#kv = kv
  }

  /** Of everything applied, whether in the index below or not. */
  get position(): KvPosition | null {
    return this.#active.position ?? this.#flushing?.position ?? this.#kv.position
  }

  /** Of the index below. */
  get flushedPosition(): KvPosition | null {
    return this.#kv.position
  }

  /** Rows that wait for the next flush. */
  get activeRowCount(): number {
    return this.#active.rowCount
  }

  /** Bytes of rows in memory, roughly. */
  get memorySize(): number {
    return this.#active.size + (this.#flushing?.size ?? 0)
  }

  get isClean(): boolean {
    return this.#active.position === null && this.#flushing === null
  }

  get(key: Uint8Array): Buffer | null {
    return this.getText(keyText(key), key)
  }

  /** As `get`, for a caller that has the key in both forms. */
  getText(text: string, key: Uint8Array): Buffer | null {
    const active = this.#active.get(text)
    if (active !== undefined) return active
    const flushing = this.#flushing?.get(text)
    if (flushing !== undefined) return flushing
    const cached = this.#cache.get(text)
    if (cached !== undefined) return cached
    if (text === this.#missing) return null
    const row = this.#kv.get(key)
    if (row === null) this.#missing = text
    else this.#cache.set(text, row)
    return row
  }

  /** Sets one row of a group; `advance` ends the group. */
  set(key: string, row: Row): void {
    this.#active.set(key, row)
    this.#cache.delete(key)
  }

  /** All rows of the group that ends here were set. */
  advance(position: KvPosition): void {
    this.#active.position = position
    this.#epoch++
  }

  *range(range: KeyRange): Generator<Entry> {
    let start = keyText(range.start)
    let end = keyText(range.end)
    const reverse = range.reverse === true
    for (;;) {
      const epoch = this.#epoch
      let last: string | null = null
      for (const entry of this.#merged(start, end, reverse)) {
        last = keyText(entry.key)
        yield entry
        // Changed while the caller held the walk: look anew from here.
        if (this.#epoch !== epoch) break
      }
      if (last === null || this.#epoch === epoch) return
      if (reverse) end = last
      else start = keyAfter(last)
    }
  }

  /** Moves the rows in memory into the index; resolves with their number. One at a time. */
  flush(): Promise<number> {
    this.#flush ??= this.#flushNow().finally(() => {
      this.#flush = null
    })
    return this.#flush
  }

  view(): KvView {
    return this.#kv.view()
  }

  successor(): Promise<OrderedKv> {
    return this.#kv.successor()
  }

  /**
   * Goes on over another index, which holds everything up to its position, and closes the old one.
   * No flush may be under way.
   */
  async replace(kv: OrderedKv): Promise<void> {
    const old = this.#kv
    this.#kv = kv
    this.#cache.clear()
    this.#missing = null
    const flushing = this.#flushing?.position?.sequence ?? 0
    if (flushing <= (kv.position?.sequence ?? 0)) this.#flushing = null
    this.#epoch++
    await old[Symbol.asyncDispose]()
  }

  /** Closes the index below. Rows that were not flushed are in the journal. */
  async close(): Promise<void> {
    await this.#flush?.catch(() => {})
    await this.#kv[Symbol.asyncDispose]()
  }

  async #flushNow(): Promise<number> {
    if (this.#flushing === null) {
      if (this.#active.position === null) return 0
      this.#flushing = this.#active
      this.#active = new Overlay()
      this.#epoch++
    }
    const overlay = this.#flushing
    await this.#kv.apply(overlay.writes(), overlay.position)
    this.#flushing = null
    this.#missing = null
    this.#epoch++
    return overlay.rowCount
  }

  *#merged(start: string, end: string, reverse: boolean): Generator<Entry> {
    let rows: Iterator<TextEntry> = textEntries(
      this.#kv.range({ start: keyBytes(start), end: keyBytes(end), reverse }),
    )
    for (const overlay of [this.#flushing, this.#active]) {
      if (overlay === null || overlay.rowCount === 0) continue
      rows = over(overlay.range(start, end, reverse), rows, reverse)
    }
    try {
      for (let step = rows.next(); step.done !== true; step = rows.next()) {
        const [text, value, key] = step.value
        if (value !== null) yield { key: key ?? keyBytes(text), value }
      }
    } finally {
      rows.return?.()
    }
  }
}

/** The third is the key as bytes where it is at hand. */
type TextEntry = readonly [string, Row, Buffer?]

function* textEntries(entries: Iterable<Entry>): Generator<TextEntry> {
  for (const { key, value } of entries) yield [keyText(key), asBuffer(value), key]
}

/** Merges two ordered walks; where both have a key, the upper one counts. */
function* over(
  upper: Iterator<TextEntry>,
  lower: Iterator<TextEntry>,
  reverse: boolean,
): Generator<TextEntry> {
  try {
    let top = upper.next()
    let low = lower.next()
    while (top.done !== true || low.done !== true) {
      const order = orderOf(top, low, reverse)
      if (top.done !== true && order <= 0) {
        yield top.value
        top = upper.next()
      } else if (low.done !== true) {
        yield low.value
      }
      if (order >= 0) low = lower.next()
    }
  } finally {
    upper.return?.()
    lower.return?.()
  }
}

/** Negative: the upper one comes first; 0: the same key. */
function orderOf(
  top: IteratorResult<TextEntry>,
  low: IteratorResult<TextEntry>,
  reverse: boolean,
): number {
  if (top.done === true) return 1
  if (low.done === true) return -1
  const order = simpleOrder(top.value[0], low.value[0])
  return reverse ? -order : order
}

function simpleOrder(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
