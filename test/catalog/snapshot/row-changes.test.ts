import { describe, expect, it } from 'vitest'
import { addToCounter } from '../../../src/catalog/counter.ts'
import { RowChanges } from '../../../src/catalog/snapshot/row-changes.ts'
import { SeededRandom } from '../../../src/platform/seeded-random.ts'
import { bytes, counterRow } from '../catalog-bed.ts'

/** Keys of which many share beginnings, lengths and zeros at the end. */
function keys(random: SeededRandom, count: number): string[] {
  const found = new Set<string>()
  while (found.size < count) {
    const size = 1 + random.below(found.size % 50 === 0 ? 1900 : 12)
    let key = ''
    for (let index = 0; index < size; index++) key += String.fromCharCode(random.below(4))
    found.add(key)
  }
  return [...found]
}

function someValue(random: SeededRandom): Buffer {
  if (random.chance(0.5)) return counterRow(random.below(5))
  return bytes(['', 'value', 'other', 'longer value'][random.below(4)]!)
}

/** Another value than this, or none. */
function otherThan(row: Buffer | null): Buffer | null {
  if (row === null) return counterRow(1)
  if (row.length === 0) return bytes('more')
  const other = Buffer.from(row)
  other[other.length - 1]! ^= 1
  return other
}

/** Rows before and after a random history, and the changes that lie between them. */
function history(seed: number, keyCount: number) {
  const random = new SeededRandom(seed)
  const before = new Map<string, Buffer>()
  const known = keys(random, keyCount)
  for (const key of known) if (random.chance(0.5)) before.set(key, someValue(random))
  const after = new Map(before)
  const changes = new RowChanges()
  for (let step = 0; step < keyCount * 2; step++) {
    const key = known[random.below(known.length)]!
    const kind = random.below(3)
    if (kind === 0) {
      const value = someValue(random)
      after.set(key, value)
      changes.set(bytes(key), value)
    } else if (kind === 1) {
      after.delete(key)
      changes.set(bytes(key), null)
    } else {
      const delta = random.below(7) - 3
      const row = addToCounter(after.get(key) ?? null, delta)
      if (row === null) after.delete(key)
      else after.set(key, row)
      changes.add(bytes(key), delta)
    }
  }
  return { known, before, after, changes, random }
}

describe('the changes of rows', () => {
  it('make of the rows before just those after', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { known, before, after, changes } = history(seed, seed === 1 ? 20_000 : 300)
      for (const key of known) {
        const old = before.get(key) ?? null
        const found = after.get(key) ?? null
        if (old === null && found === null) continue
        expect(changes.makes(bytes(key), old, found), `seed ${seed}`).toBe(true)
      }
      expect(changes.leaveNothing(), `seed ${seed}`).toBe(true)
    }
  })

  it('are all kept where they fill what holds them to the last byte', () => {
    const changes = new RowChanges()
    const keyOf = (index: number) => Buffer.alloc(1024 - 11, `${index} `)
    for (let index = 0; index < 2500; index++) changes.set(keyOf(index), counterRow(index))
    for (let index = 0; index < 2500; index++) {
      expect(changes.makes(keyOf(index), null, counterRow(index))).toBe(true)
    }
    expect(changes.leaveNothing()).toBe(true)
    changes.set(Buffer.alloc(65_535, 'k'), counterRow(1))
    expect(changes.leaveNothing()).toBe(false)
  })

  it('start with a key of any size', () => {
    const changes = new RowChanges()
    const key = Buffer.alloc(65_535, 'k')
    changes.set(key, counterRow(1))
    changes.set(bytes('a'), null)
    expect(changes.makes(key, null, counterRow(1))).toBe(true)
    expect(changes.leaveNothing()).toBe(true)
  })

  it('make nothing else', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { known, before, after, changes } = history(seed, 300)
      for (const key of known) {
        const wrong = otherThan(after.get(key) ?? null)
        expect(changes.makes(bytes(key), before.get(key) ?? null, wrong), `seed ${seed}`).toBe(
          false,
        )
      }
    }
  })

  it('leave a row that nobody asked about', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { known, before, after, changes, random } = history(seed, 300)
      const missing = known.filter((key) => after.has(key) && !before.has(key))
      const left = missing[random.below(missing.length)]
      for (const key of known) {
        const old = before.get(key) ?? null
        if (key !== left && (old !== null || after.has(key))) {
          changes.makes(bytes(key), old, after.get(key) ?? null)
        }
      }
      expect(changes.leaveNothing(), `seed ${seed}`).toBe(false)
    }
  })
})
