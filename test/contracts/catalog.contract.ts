import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type Catalog,
  counterValue,
  type Entry,
  type FeedCommit,
} from '../../src/catalog/catalog.ts'
import type { Place, RecordInput, StoredRecord } from '../../src/segment/types.ts'

export interface CatalogFixture {
  readonly catalog: Catalog
  /** Closes the catalog and opens it again. */
  reopen(): Promise<Catalog>
  /** Reads an attachment back. */
  read(place: Place): Promise<StoredRecord>
  dispose(): Promise<void>
}

/** What every Catalog promises. */
export function catalogContract(name: string, make: () => Promise<CatalogFixture>): void {
  describe(`${name} as a Catalog`, () => {
    let fixture: CatalogFixture
    let catalog: Catalog
    beforeEach(async () => {
      fixture = await make()
      catalog = fixture.catalog
    })
    afterEach(() => fixture.dispose())

    it('is empty at first', () => {
      expect(catalog.sequence).toBe(0)
      expect(catalog.get(bytes('a'))).toBeNull()
      expect(catalog.peek(bytes('a'))).toEqual({ value: null, pending: false })
      expect(rows(catalog)).toEqual([])
    })

    it('numbers commits from 1, and keeps them over a reopening', async () => {
      expect(await catalog.commit({ puts: [put('a', '1')] })).toEqual(committed(1))
      expect(await catalog.commit({ puts: [put('b', '')] })).toEqual(committed(2))
      expect(catalog.sequence).toBe(2)
      expect(catalog.get(bytes('b'))).toEqual(bytes(''))
      const again = await fixture.reopen()
      expect(again.sequence).toBe(2)
      expect(rows(again)).toEqual(['a=1', 'b='])
      expect(await again.commit({ deletes: [bytes('a')] })).toEqual(committed(3))
      expect(rows(again)).toEqual(['b='])
    })

    it('numbers commits of one group in the order they were submitted', async () => {
      const all = await Promise.all(
        Array.from({ length: 20 }, (_, index) => catalog.commit({ puts: [put('k', `${index}`)] })),
      )
      expect(all).toEqual(Array.from({ length: 20 }, (_, index) => committed(index + 1)))
      expect(catalog.get(bytes('k'))).toEqual(bytes('19'))
    })

    it('takes a commit that changes nothing', async () => {
      expect(await catalog.commit({})).toEqual(committed(1))
      expect(catalog.sequence).toBe(1)
    })

    it('shows a commit to peek at once, and to get when it is durable', async () => {
      const done = catalog.commit({ puts: [put('a', '1')] })
      expect(catalog.peek(bytes('a'))).toEqual({ value: bytes('1'), pending: true })
      expect(catalog.get(bytes('a'))).toBeNull()
      expect(rows(catalog)).toEqual([])
      await done
      expect(catalog.peek(bytes('a'))).toEqual({ value: bytes('1'), pending: false })
      expect(catalog.get(bytes('a'))).toEqual(bytes('1'))

      const gone = catalog.commit({ deletes: [bytes('a')] })
      expect(catalog.peek(bytes('a'))).toEqual({ value: null, pending: true })
      expect(catalog.get(bytes('a'))).toEqual(bytes('1'))
      await gone
      expect(catalog.peek(bytes('a'))).toEqual({ value: null, pending: false })
    })

    it('checks against pending commits, in submission order', async () => {
      const create = () =>
        catalog.commit({
          checks: [{ key: bytes('a'), expected: null }],
          puts: [put('a', '1')],
        })
      const [first, second] = await Promise.all([create(), create()])
      expect(first).toEqual(committed(1))
      expect(second).toEqual({ committed: false, failedCheck: 0 })
      expect(catalog.sequence).toBe(1)
    })

    it('names the first check that fails, and writes nothing of the batch', async () => {
      await catalog.commit({ puts: [put('a', '1')], adds: [{ key: bytes('n'), delta: 1 }] })
      const result = await catalog.commit({
        checks: [
          { key: bytes('a'), expected: bytes('1') },
          { key: bytes('b'), expected: bytes('x') },
          { key: bytes('c'), expected: bytes('x') },
        ],
        puts: [put('z', '1')],
        deletes: [bytes('a')],
        adds: [{ key: bytes('n'), delta: 5 }],
        attachments: [chunk('never')],
      })
      expect(result).toEqual({ committed: false, failedCheck: 1 })
      expect(catalog.get(bytes('a'))).toEqual(bytes('1'))
      expect(catalog.get(bytes('z'))).toBeNull()
      expect(counterValue(catalog.get(bytes('n')))).toBe(1)
    })

    it('tells the empty value from none', async () => {
      await catalog.commit({ puts: [put('a', '')] })
      const result = await catalog.commit({ checks: [{ key: bytes('a'), expected: null }] })
      expect(result.committed).toBe(false)
      const other = await catalog.commit({ checks: [{ key: bytes('a'), expected: bytes('') }] })
      expect(other.committed).toBe(true)
    })

    it('gives attachments places before it asks for the rows', async () => {
      let seen: readonly Place[] = []
      await catalog.commit({
        attachments: [chunk('one'), chunk('two')],
        puts: (places) => {
          seen = places
          return [put('a', JSON.stringify(places))]
        },
      })
      expect(seen).toHaveLength(2)
      expect((await fixture.read(seen[0]!)).payload).toEqual(bytes('one'))
      expect((await fixture.read(seen[1]!)).payload).toEqual(bytes('two'))
      await fixture.reopen()
      expect((await fixture.read(seen[1]!)).payload).toEqual(bytes('two'))
    })

    it('reads an attachment from the moment its commit is submitted', async () => {
      let place: Place | null = null
      const done = catalog.commit({
        attachments: [chunk('early')],
        puts: (places) => {
          place = places[0]!
          return []
        },
      })
      expect((await fixture.read(place!)).payload).toEqual(bytes('early'))
      await done
    })

    it('rejects the commit whose rows cannot be made, and only that', async () => {
      const bad = catalog.commit({
        attachments: [chunk('x')],
        puts: () => {
          throw new Error('no rows')
        },
      })
      const good = catalog.commit({ puts: [put('a', '1')] })
      await expect(bad).rejects.toThrow('no rows')
      expect(await good).toEqual(committed(1))
      await catalog.settled()
    })

    it('adds, below zero too, and removes a counter that reaches 0', async () => {
      const add = (delta: number) => catalog.commit({ adds: [{ key: bytes('n'), delta }] })
      await Promise.all([add(5), add(-7), add(1)])
      expect(counterValue(catalog.get(bytes('n')))).toBe(-1)
      await add(2 ** 45)
      expect(counterValue(catalog.get(bytes('n')))).toBe(2 ** 45 - 1)
      await add(1 - 2 ** 45)
      expect(catalog.get(bytes('n'))).toBeNull()
      expect(rows(catalog)).toEqual([])
    })

    it('adds twice in one commit', async () => {
      const key = bytes('n')
      await catalog.commit({
        adds: [
          { key, delta: 2 },
          { key, delta: 3 },
        ],
      })
      expect(counterValue(catalog.get(key))).toBe(5)
    })

    it('ranges in byte order, start closed and end open, both ways', async () => {
      const keys = [[0], [1, 255], [2], [127], [128], [200, 1], [255]]
      await catalog.commit({
        puts: keys.map((key) => ({ key: Buffer.from(key), value: bytes('v') })),
      })
      const walk = (reverse: boolean) =>
        [...catalog.range({ start: Buffer.from([1]), end: Buffer.from([200, 1]), reverse })].map(
          ({ key }) => [...key],
        )
      expect(walk(false)).toEqual([[1, 255], [2], [127], [128]])
      expect(walk(true)).toEqual([[128], [127], [2], [1, 255]])
    })

    it('ranges over rows changed in the meantime without losing its way', async () => {
      await catalog.commit({ puts: ['a', 'b', 'c', 'd'].map((key) => put(key, key)) })
      for (const reverse of [false, true]) {
        const walked: string[] = []
        for (const { key } of catalog.range({ start: bytes('a'), end: bytes('z'), reverse })) {
          walked.push(key.toString())
          await catalog.commit({ puts: [put('x', 'y')], deletes: [bytes('x')] })
        }
        expect(walked).toEqual(reverse ? ['d', 'c', 'b', 'a'] : ['a', 'b', 'c', 'd'])
      }
    })

    it('refuses keys that are too short or too long', async () => {
      const long = Buffer.alloc(1901, 1)
      for (const key of [bytes(''), long]) {
        await expect(catalog.commit({ puts: [{ key, value: bytes('') }] })).rejects.toThrow()
        await expect(catalog.commit({ deletes: [key] })).rejects.toThrow()
        await expect(catalog.commit({ adds: [{ key, delta: 1 }] })).rejects.toThrow()
      }
      expect(catalog.sequence).toBe(0)
      await catalog.commit({ puts: [{ key: Buffer.alloc(1900, 1), value: bytes('v') }] })
      expect(catalog.get(Buffer.alloc(1900, 1))).toEqual(bytes('v'))
    })

    it('settles what was submitted before', async () => {
      let isDone = false
      void catalog.commit({ puts: [put('a', '1')] }).then(() => {
        isDone = true
      })
      await catalog.settled()
      expect(catalog.get(bytes('a'))).toEqual(bytes('1'))
      await Promise.resolve()
      expect(isDone).toBe(true)
      await catalog.settled()
    })

    it('feeds every commit after a sequence, then the new ones, and ends when told', async () => {
      for (const text of ['1', '2', '3']) await catalog.commit({ puts: [put('a', text)] })
      const stop = new AbortController()
      const seen: FeedCommit[] = []
      const reading = (async () => {
        for await (const commit of catalog.feed(1, stop.signal)) {
          seen.push(commit)
          if (commit.sequence === 6) stop.abort()
        }
      })()
      await catalog.commit({ deletes: [bytes('a')], adds: [{ key: bytes('n'), delta: -3 }] })
      await Promise.all([catalog.commit({}), catalog.commit({ puts: [put('b', '1')] })])
      await reading
      expect(seen.map(({ sequence }) => sequence)).toEqual([2, 3, 4, 5, 6])
      expect(seen[0]!.puts.map(({ value }) => `${Buffer.from(value)}`)).toEqual(['2'])
      expect(seen[2]!.deletes.map((key) => `${Buffer.from(key)}`)).toEqual(['a'])
      expect(seen[2]!.adds.map(({ delta }) => delta)).toEqual([-3])
      expect(seen[0]!.committedAt).toBeGreaterThan(0)
    })

    it('feeds the same again after a reopening', async () => {
      for (const text of ['1', '2', '3']) await catalog.commit({ puts: [put('a', text)] })
      const again = await fixture.reopen()
      await again.commit({ puts: [put('a', '4')] })
      expect(await take(again, 0, 4)).toEqual(['1:1', '2:2', '3:3', '4:4'])
      expect(await take(again, 3, 1)).toEqual(['4:4'])
    })

    it('ends a feed that has nothing to say', async () => {
      const stop = new AbortController()
      const reading = (async () => {
        for await (const _ of catalog.feed(0, stop.signal)) throw new Error('nothing was committed')
      })()
      setImmediate(() => stop.abort())
      await reading
      const stopped = AbortSignal.abort()
      for await (const _ of catalog.feed(0, stopped)) throw new Error('it was aborted before')
    })

    it('refuses everything once closed, and closes twice', async () => {
      await catalog.commit({ puts: [put('a', '1')] })
      const late = catalog.commit({ puts: [put('b', '1')] })
      const closing = catalog[Symbol.asyncDispose]()
      const refused = expect.objectContaining({ kind: 'closed' })
      await expect(catalog.commit({})).rejects.toEqual(refused)
      expect(() => catalog.get(bytes('a'))).toThrow(refused)
      expect(() => rows(catalog)).toThrow(refused)
      expect((await late).committed).toBe(true)
      await closing
      await catalog[Symbol.asyncDispose]()
      expect(rows(await fixture.reopen())).toEqual(['a=1', 'b=1'])
    })
  })
}

const bytes = (text: string): Buffer => Buffer.from(text)
const put = (key: string, value: string) => ({ key: bytes(key), value: bytes(value) })
const committed = (sequence: number) => ({ committed: true, sequence })

function chunk(text: string): RecordInput {
  const payload = bytes(text)
  return { kind: 'chunk', codec: 'none', blob: 'self', number: 0, rawSize: payload.length, payload }
}

function rows(catalog: Catalog): string[] {
  const entries: Iterable<Entry> = catalog.range({
    start: Buffer.alloc(1),
    end: Buffer.alloc(9, 255),
  })
  return [...entries].map(({ key, value }) => `${key}=${value}`)
}

async function take(catalog: Catalog, since: number, count: number): Promise<string[]> {
  const stop = new AbortController()
  const seen: string[] = []
  for await (const { sequence, puts } of catalog.feed(since, stop.signal)) {
    seen.push(`${sequence}:${Buffer.from(puts[0]!.value)}`)
    if (seen.length === count) stop.abort()
  }
  return seen
}
