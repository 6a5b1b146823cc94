import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CommitBatch, Entry, KeyRange } from '../../src/catalog/catalog.ts'
import { everyKey } from '../../src/catalog/kv/ordered-kv.ts'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { type Bed, LastingKv, openBed } from './catalog-bed.ts'

/** A plain map that does what a catalog promises, keys and values in hex. */
class Model {
  readonly rows = new Map<string, string>()
  sequence = 0

  /** Answers with the index of the failed check, or with the sequence. */
  commit({ checks = [], puts = [], deletes = [], adds = [] }: PlainBatch): object {
    for (const [failedCheck, { key, expected }] of checks.entries()) {
      const value = this.rows.get(hex(key)) ?? null
      if (value !== (expected === null ? null : hex(expected))) {
        return { committed: false, failedCheck }
      }
    }
    for (const { key, value } of puts) this.rows.set(hex(key), hex(value))
    for (const key of deletes) this.rows.delete(hex(key))
    for (const { key, delta } of adds) {
      const old = this.rows.get(hex(key))
      const value =
        (old === undefined ? 0n : Buffer.from(old, 'hex').readBigInt64LE(0)) + BigInt(delta)
      const row = Buffer.alloc(8)
      row.writeBigInt64LE(value)
      if (value === 0n) this.rows.delete(hex(key))
      else this.rows.set(hex(key), hex(row))
    }
    return { committed: true, sequence: ++this.sequence }
  }

  range({ start, end, reverse }: KeyRange): string[] {
    const rows = [...this.rows]
      .filter(([key]) => key >= hex(start) && key < hex(end))
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, value]) => `${key}=${value}`)
    return reverse === true ? rows.reverse() : rows
  }
}

type PlainBatch = Omit<CommitBatch, 'puts' | 'attachments'> & {
  readonly puts?: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[]
}

type Step =
  | { readonly step: 'commits'; readonly batches: readonly PlainBatch[] }
  | { readonly step: 'range'; readonly range: KeyRange }
  | { readonly step: 'flush' | 'snapshot' | 'reopen' | 'rebuild' }

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const hexRows = (entries: Iterable<Entry>): string[] =>
  [...entries].map(({ key, value }) => `${hex(key)}=${hex(value)}`)

// Few bytes, so that keys meet again and are prefixes of one another. Counters have other keys.
const keyOf = fc
  .array(fc.constantFrom(0, 1, 0x61, 0x80, 0xff), { minLength: 1, maxLength: 3 })
  .map((array) => Buffer.from(array))
const counterOf = fc.constantFrom('c1', 'c2').map((text) => Buffer.from(text))
const plainValue = fc.uint8Array({ maxLength: 12 }).map((array) => Buffer.from(array))
const batchOf: fc.Arbitrary<PlainBatch> = fc.record({
  checks: fc.array(fc.record({ key: keyOf, expected: fc.option(plainValue, { freq: 1 }) }), {
    maxLength: 1,
  }),
  puts: fc.array(fc.record({ key: keyOf, value: plainValue }), { maxLength: 4 }),
  deletes: fc.array(keyOf, { maxLength: 2 }),
  adds: fc.array(fc.record({ key: counterOf, delta: fc.integer({ min: -3, max: 3 }) }), {
    maxLength: 2,
  }),
})
const stepOf: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      step: fc.constant('commits' as const),
      batches: fc.array(batchOf, { minLength: 1, maxLength: 5 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      step: fc.constant('range' as const),
      range: fc.record({ start: keyOf, end: keyOf, reverse: fc.boolean() }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      step: fc.constantFrom('flush' as const, 'snapshot' as const, 'reopen' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('rebuild' as const) }) },
)

async function play(steps: readonly Step[]): Promise<void> {
  const fs = new MemoryFileSystem()
  let kv = new LastingKv()
  const model = new Model()
  const options = { segmentSizeMax: 600, flushRowCount: 3 }
  const open = (): Promise<Bed> => openBed(fs, { kv: kv.open(), options })
  let bed = await open()
  for (const step of steps) {
    switch (step.step) {
      case 'commits': {
        // Submitted at once: each must see the ones before it.
        const results = step.batches.map((batch) => bed.catalog.commit(batch))
        const expected = step.batches.map((batch) => model.commit(batch))
        expect(await Promise.all(results)).toEqual(expected)
        break
      }
      case 'range':
        expect(hexRows(bed.catalog.range(step.range))).toEqual(model.range(step.range))
        break
      case 'flush':
        await bed.catalog.flush()
        break
      case 'snapshot':
        await bed.catalog.snapshot()
        break
      case 'reopen':
      case 'rebuild':
        await bed[Symbol.asyncDispose]()
        if (step.step === 'rebuild') kv = new LastingKv()
        bed = await open()
        break
    }
    expect(bed.catalog.sequence).toBe(model.sequence)
    expect(hexRows(bed.catalog.range(everyKey))).toEqual(model.range(everyKey))
    for (const [key, value] of model.rows) {
      expect(bed.catalog.get(Buffer.from(key, 'hex'))?.toString('hex')).toBe(value)
    }
  }
  await bed[Symbol.asyncDispose]()
}

describe('a catalog', () => {
  it('behaves as a plain map does', { timeout: 60_000 }, async () => {
    await fc.assert(fc.asyncProperty(fc.array(stepOf, { maxLength: 25 }), play), { numRuns: 150 })
  })
})
