import type { Add, Entry, Put } from '../../catalog/catalog.ts'
import { counterValue } from '../../catalog/catalog.ts'
import { MemoryKv } from '../../catalog/kv/memory-kv.ts'
import { everyKey } from '../../catalog/kv/ordered-kv.ts'
import { garbageTotalsKept, spaceRange, spaces } from '../../store/rows/keys.ts'
import type { RowSource } from '../check/row-context.ts'

/** Spaces whose rows are changed by adding to them alone. */
const counterSpaces: readonly number[] = [
  spaces.counter,
  spaces.garbageTotal,
  spaces.partChange,
  spaces.reference,
]

export interface DraftChanges {
  /** Each with the value it replaces. */
  readonly puts: readonly (Put & { readonly before: Buffer | null })[]
  readonly deletes: readonly Entry[]
  readonly adds: readonly Add[]
}

/** All rows of a catalog as they might become. What is changed is held in memory, no more. */
export class Draft {
  readonly #before: RowSource
  readonly #puts = new MemoryKv()
  readonly #deletes = new Set<string>()

  /** The rows must stay as they are for as long as this is used. */
  constructor(before: RowSource) {
    this.#before = before
  }

  get(key: Uint8Array): Buffer | null {
    if (this.#deletes.has(textOf(key))) return null
    return this.#puts.get(key) ?? this.#before.get(key)
  }

  *range(range: { readonly start: Uint8Array; readonly end: Uint8Array }): Generator<Entry> {
    const puts = this.#puts.range(range)[Symbol.iterator]()
    let put = puts.next()
    for (const entry of this.#before.range(range)) {
      let isReplaced = false
      while (put.done !== true) {
        const order = Buffer.compare(put.value.key, entry.key)
        if (order > 0) break
        isReplaced = order === 0
        yield put.value
        put = puts.next()
      }
      if (!isReplaced && !this.#deletes.has(textOf(entry.key))) yield entry
    }
    for (; put.done !== true; put = puts.next()) yield put.value
  }

  /** Rows of a space, as they are now: they may be changed while they are walked. */
  rows(space: number): readonly Entry[] {
    return [...this.range(spaceRange(space))]
  }

  async set(key: Uint8Array, value: Uint8Array | null): Promise<void> {
    await this.#puts.apply([{ key, value }], null)
    const text = textOf(key)
    if (value === null) this.#deletes.add(text)
    else this.#deletes.delete(text)
  }

  async setCounter(key: Buffer, value: number): Promise<void> {
    const row = Buffer.alloc(8)
    row.writeBigInt64LE(BigInt(value))
    await this.set(key, value === 0 ? null : row)
  }

  /** What makes the one of the other. */
  changes(): DraftChanges {
    const puts: (Put & { readonly before: Buffer | null })[] = []
    const deletes: Entry[] = []
    const adds: Add[] = []
    const add = (key: Buffer, before: Buffer | null, after: Buffer | null) => {
      const delta = counterValue(after) - counterValue(before)
      if (delta !== 0) adds.push({ key, delta })
    }
    for (const { key, value } of this.#puts.range(everyKey)) {
      const before = this.#before.get(key)
      if (before?.equals(value) === true) continue
      if (isCounter(key)) add(key, before, value)
      else puts.push({ key, value, before })
    }
    for (const text of [...this.#deletes].sort()) {
      const key = Buffer.from(text, 'latin1')
      const before = this.#before.get(key)
      if (before === null) continue
      if (isCounter(key)) add(key, before, null)
      else deletes.push({ key, value: before })
    }
    return { puts, deletes, adds }
  }
}

/** Sorts as the bytes do. */
function textOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')
}

function isCounter(key: Buffer): boolean {
  return counterSpaces.includes(key[0] ?? 0) && !key.equals(garbageTotalsKept)
}
