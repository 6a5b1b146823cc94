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

const COPY_COUNT = 10_000

export interface DraftChanges {
  /** Each with the value it replaces. */
  readonly puts: readonly (Put & { readonly before: Buffer | null })[]
  readonly deletes: readonly Entry[]
  readonly adds: readonly Add[]
}

/** All rows of a catalog as they might become, beside what they are. In memory. */
export class Draft {
  readonly #before: RowSource
  readonly #rows = new MemoryKv()

  private constructor(before: RowSource) {
    this.#before = before
  }

  static async of(before: RowSource): Promise<Draft> {
    const draft = new Draft(before)
    let batch: Entry[] = []
    for (const { key, value } of before.range(everyKey)) {
      batch.push({ key: Buffer.from(key), value: Buffer.from(value) })
      if (batch.length < COPY_COUNT) continue
      await draft.#rows.apply(batch, null)
      batch = []
    }
    await draft.#rows.apply(batch, null)
    return draft
  }

  get(key: Uint8Array): Buffer | null {
    return this.#rows.get(key)
  }

  range(range: Parameters<MemoryKv['range']>[0]): Iterable<Entry> {
    return this.#rows.range(range)
  }

  /** Rows of a space, as they are now: they may be changed while they are walked. */
  rows(space: number): readonly Entry[] {
    return [...this.#rows.range(spaceRange(space))]
  }

  async set(key: Uint8Array, value: Uint8Array | null): Promise<void> {
    await this.#rows.apply([{ key, value }], null)
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
    for (const { key, value } of this.#rows.range(everyKey)) {
      const before = this.#before.get(key)
      if (before?.equals(value) === true) continue
      if (isCounter(key)) add(key, before, value)
      else puts.push({ key, value, before })
    }
    for (const { key, value } of this.#before.range(everyKey)) {
      if (this.#rows.get(key) !== null) continue
      const copy = Buffer.from(key)
      if (isCounter(key)) add(copy, value, null)
      else deletes.push({ key: copy, value: Buffer.from(value) })
    }
    return { puts, deletes, adds }
  }
}

function isCounter(key: Buffer): boolean {
  return counterSpaces.includes(key[0] ?? 0) && !key.equals(garbageTotalsKept)
}
