import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ListCursor, takePage, type WalkQuery, walk } from '../../src/store/list-walk.ts'

interface Item {
  readonly name: Buffer
}

/** A cursor over sorted names that counts what it is asked. */
class CountingCursor implements ListCursor<Item> {
  readonly #names: readonly Buffer[]
  steps = 0
  seeks = 0
  open = 0

  constructor(names: readonly string[]) {
    this.#names = names.map((name) => Buffer.from(name)).sort(Buffer.compare)
  }

  *seek(from: Uint8Array): Iterator<Item> {
    this.seeks += 1
    this.open += 1
    try {
      for (const name of this.#names) {
        if (Buffer.compare(name, from) < 0) continue
        this.steps += 1
        yield { name }
      }
    } finally {
      this.open -= 1
    }
  }
}

describe('walk', { timeout: 60_000 }, () => {
  it('costs what is on the page, however much a common prefix stands for', () => {
    const names = ['a', 'b', 'c', 'd'].flatMap((folder) =>
      Array.from({ length: 1000 }, (_, index) => `${folder}/${index}`),
    )
    const cursor = new CountingCursor(names)
    expect(pageOf(cursor, { delimiter: '/' }, 3)).toEqual(['a/', 'b/', 'c/', '…'])
    expect(cursor.seeks).toBeLessThanOrEqual(4)
    expect(cursor.steps).toBeLessThan(30)
  })

  it('steps through small common prefixes instead of seeking past each', () => {
    const names = Array.from({ length: 100 }, (_, index) => `${1000 + index}/x`)
    const cursor = new CountingCursor(names)
    expect(pageOf(cursor, { delimiter: '/' }, 1000)).toHaveLength(100)
    expect(cursor.seeks).toBe(1)
    expect(cursor.steps).toBe(100)
  })

  it('reads no further than one entry past the page', () => {
    const cursor = new CountingCursor(['a', 'b', 'c', 'd', 'e'])
    expect(pageOf(cursor, {}, 2)).toEqual(['a', 'b', '…'])
    expect(cursor.steps).toBe(3)
  })

  it('seeks nothing when no name can follow the marker', () => {
    const cursor = new CountingCursor(['a', 'b'])
    expect(pageOf(cursor, { prefix: 'a', after: 'b' }, 5)).toEqual([])
    expect(cursor.seeks).toBe(0)
  })

  it('lets go of every cursor it opened', () => {
    const someNames = fc.array(fc.string({ unit: fc.constantFrom('a', '/', 'b'), maxLength: 6 }))
    fc.assert(
      fc.property(someNames, fc.nat(5), (names, limit) => {
        const cursor = new CountingCursor([...new Set(names)])
        pageOf(cursor, { delimiter: '/' }, limit)
        expect(cursor.open).toBe(0)
      }),
    )
  })

  it('is what sorting and folding the whole would give', () => {
    const unit = fc.constantFrom('a', 'b', '/', '\0', 'é', '\u{ffff}', '\u{10000}', '\u{10ffff}')
    const text = fc.string({ unit, maxLength: 5 })
    const query = fc.record({
      prefix: fc.string({ unit, maxLength: 2 }),
      delimiter: fc.string({ unit, maxLength: 2 }),
      after: text,
    })
    fc.assert(
      fc.property(fc.array(text, { maxLength: 40 }), query, fc.nat(8), (names, asked, limit) => {
        const distinct = [...new Set(names)].filter((name) => name !== '')
        const page = pageOf(new CountingCursor(distinct), asked, limit)
        expect(page).toEqual(definition(distinct, asked, limit))
      }),
      { numRuns: 3000 },
    )
  })
})

interface TextQuery {
  readonly prefix?: string
  readonly delimiter?: string
  readonly after?: string
}

/** Names on the page in order; '…' when there are more. */
function pageOf(cursor: CountingCursor, query: TextQuery, limit: number): string[] {
  const bytes: WalkQuery = {
    prefix: Buffer.from(query.prefix ?? ''),
    delimiter: Buffer.from(query.delimiter ?? ''),
    after: Buffer.from(query.after ?? ''),
  }
  const page = takePage(walk(cursor, bytes), limit)
  const names = page.steps.map((step) =>
    (step.kind === 'item' ? step.item.name : step.name).toString(),
  )
  return page.isTruncated ? [...names, '…'] : names
}

function definition(names: readonly string[], query: TextQuery, limit: number): string[] {
  const { prefix = '', delimiter = '', after = '' } = query
  if (limit === 0) return []
  const folded = new Set<string>()
  for (const name of names.filter((candidate) => candidate.startsWith(prefix))) {
    const index = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length)
    folded.add(index === -1 ? name : name.slice(0, index + delimiter.length))
  }
  const order = (one: string, other: string) => Buffer.compare(Buffer.from(one), Buffer.from(other))
  const all = [...folded].filter((name) => order(name, after) > 0).sort(order)
  return all.length > limit ? [...all.slice(0, limit), '…'] : all
}
