import type { CommitBatch } from '../../src/catalog/catalog.ts'
import type { LocalCatalog } from '../../src/catalog/local-catalog.ts'
import type { SeededRandom } from '../../src/platform/seeded-random.ts'
import type { Segments } from '../../src/segment/segments.ts'
import { bytes, chunk, rowsOf } from './catalog-bed.ts'

/**
 * Random commits against a catalog, and beside them what the catalog must hold after each: rows of
 * a few keys, counters, and rows that name an attachment.
 */
export class History {
  readonly #random: SeededRandom
  /** What the rows are after commit n; `#states[0]` is the empty catalog. */
  readonly #states: string[][]
  #model = new Map<string, string>()
  #counters = new Map<string, number>()
  /** Commits that were acknowledged, counted from the first: they are acknowledged in order. */
  acknowledged = 0

  constructor(random: SeededRandom) {
    this.#random = random
    this.#states = [[]]
  }

  get submitted(): number {
    return this.#states.length - 1
  }

  /** Submits one random commit; resolves when it is acknowledged. */
  async submit(catalog: LocalCatalog): Promise<void> {
    const number = this.submitted + 1
    const batch = this.#batch(number)
    this.#states.push(this.#rows())
    const result = await catalog.commit(batch)
    if (!result.committed || result.sequence !== number) {
      throw new Error(`commit ${number} came out as ${JSON.stringify(result)}`)
    }
    this.acknowledged = Math.max(this.acknowledged, number)
  }

  /** Submits a few at once, and now and then flushes or writes a snapshot. */
  async step(catalog: LocalCatalog): Promise<void> {
    const choice = this.#random.below(10)
    if (choice === 0) await catalog.flush()
    else if (choice === 1) await catalog.snapshot()
    else {
      const count = 1 + this.#random.below(4)
      await Promise.all(Array.from({ length: count }, () => this.submit(catalog)))
    }
  }

  /**
   * The catalog holds all that was acknowledged, nothing but what was submitted, and that in order;
   * every attachment that a row names can be read.
   */
  async assertHolds(catalog: LocalCatalog, segments: Segments): Promise<void> {
    const { sequence } = catalog
    if (sequence < this.acknowledged || sequence > this.submitted) {
      const bounds = `${this.acknowledged}…${this.submitted}`
      throw new Error(`recovered to ${sequence}, not to one of ${bounds}`)
    }
    const expected = this.#states[sequence]!
    const found = await Promise.all(rowsOf(catalog).map((row) => readable(row, segments)))
    if (found.join('\n') !== expected.join('\n')) {
      throw new Error(`at ${sequence}:\n${found.join('\n')}\nshould be\n${expected.join('\n')}`)
    }
  }

  /** What a catalog that recovered to `sequence` goes on from. */
  continueFrom(sequence: number): void {
    this.#states.length = sequence + 1
    this.acknowledged = sequence
    const rows = (this.#states[sequence] ?? []).map((row) => row.split('=') as [string, string])
    this.#model = new Map(rows.filter(([key]) => !key.startsWith('n')))
    const counters = rows.filter(([key]) => key.startsWith('n'))
    this.#counters = new Map(counters.map(([key, value]) => [key, Number(value)]))
  }

  #batch(number: number): CommitBatch {
    const random = this.#random
    const puts: { key: Buffer; value: Buffer }[] = []
    const deletes: Buffer[] = []
    for (let count = random.below(3); count > 0; count--) {
      const key = `k${random.below(12)}`
      if (random.chance(0.3)) {
        deletes.push(bytes(key))
      } else {
        const text = 'v'.repeat(random.below(40)) + number
        puts.push({ key: bytes(key), value: bytes(text) })
      }
    }
    for (const { key, value } of puts) this.#model.set(`${key}`, `${value}`)
    for (const key of deletes) this.#model.delete(`${key}`)
    const adds = random.chance(0.6) ? [this.#add()] : []
    if (!random.chance(0.4)) return { puts, deletes, adds }
    const body = `body ${number} `.repeat(1 + random.below(60))
    const name = `b${random.below(6)}`
    this.#model.set(name, body)
    return {
      attachments: [chunk(body)],
      puts: ([place]) => [...puts, { key: bytes(name), value: bytes(JSON.stringify(place)) }],
      deletes,
      adds,
    }
  }

  #add(): { key: Buffer; delta: number } {
    const name = `n${this.#random.below(2)}`
    const delta = this.#random.below(5) - 2
    const value = (this.#counters.get(name) ?? 0) + delta
    if (value === 0) this.#counters.delete(name)
    else this.#counters.set(name, value)
    return { key: bytes(name), delta }
  }

  #rows(): string[] {
    return [...this.#model, ...this.#counters]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, value]) => `${key}=${value}`)
  }
}

/** A row as `History` writes it: counters as numbers, attachments by what they hold. */
async function readable(row: string, segments: Segments): Promise<string> {
  const at = row.indexOf('=')
  const key = row.slice(0, at)
  const value = row.slice(at + 1)
  if (key.startsWith('b')) return `${key}=${(await segments.read(JSON.parse(value))).payload}`
  if (!key.startsWith('n')) return row
  return `${key}=${Buffer.from(value, 'latin1').readBigInt64LE(0)}`
}
