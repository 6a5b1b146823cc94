import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Entry, KeyRange } from '../../src/catalog/catalog.ts'
import { everyKey, type KvView, type OrderedKv } from '../../src/catalog/kv/ordered-kv.ts'
import { position, put } from './ordered-kv-rows.ts'

export interface KvFixture {
  readonly kv: OrderedKv
  /** Closes the index and opens it again; null when the implementation does not outlive its close. */
  readonly reopen: (() => Promise<OrderedKv>) | null
  dispose(): Promise<void>
}

/** What every OrderedKv promises. */
export function orderedKvContract(name: string, make: () => Promise<KvFixture>): void {
  describe(`${name} as an OrderedKv`, () => {
    let fixture: KvFixture
    let kv: OrderedKv
    beforeEach(async () => {
      fixture = await make()
      kv = fixture.kv
    })
    afterEach(() => fixture.dispose())

    it('is empty and without a position at first', () => {
      expect(kv.position).toBeNull()
      expect(kv.get(bytes('a'))).toBeNull()
      expect([...kv.range(everyKey)]).toEqual([])
    })

    it('gives back what was applied, also the empty value', async () => {
      await kv.apply([put('a', '1'), put('b', '')], position(7))
      expect(kv.get(bytes('a'))).toEqual(bytes('1'))
      expect(kv.get(bytes('b'))).toEqual(bytes(''))
      expect(kv.get(bytes('c'))).toBeNull()
      expect(kv.position).toEqual(position(7))
    })

    it('deletes, and does not mind deleting what is not there', async () => {
      await kv.apply([put('a', '1')], position(1))
      await kv.apply(
        [
          { key: bytes('a'), value: null },
          { key: bytes('x'), value: null },
        ],
        position(2),
      )
      expect(kv.get(bytes('a'))).toBeNull()
      expect(kv.position?.sequence).toBe(2)
    })

    it('lets the last write of a key within a batch win', async () => {
      await kv.apply([put('a', '1'), put('a', '2')], position(1))
      expect(kv.get(bytes('a'))).toEqual(bytes('2'))
      await kv.apply([put('a', '3'), { key: bytes('a'), value: null }], position(2))
      expect(kv.get(bytes('a'))).toBeNull()
    })

    it('has views whose position is that of their rows, at every moment', async () => {
      let isWriting = true
      const write = async () => {
        for (let sequence = 1; sequence <= 200; sequence++) {
          await kv.apply([put('n', `${sequence}`)], position(sequence))
        }
        isWriting = false
      }
      const writing = write()
      while (isWriting) {
        await new Promise((resolve) => setImmediate(resolve))
        const view = kv.view()
        const [row] = [...view.range(everyKey)]
        expect(Number(row?.value.toString() ?? 0)).toBe(view.position?.sequence ?? 0)
        view.release()
      }
      await writing
    })

    it('keeps its position when applied to without one', async () => {
      await kv.apply([put('a', '1')], null)
      expect(kv.position).toBeNull()
      await kv.apply([], position(3))
      await kv.apply([put('b', '1')], null)
      expect(kv.position).toEqual(position(3))
    })

    it('orders keys as unsigned bytes, in both directions', async () => {
      const keys = [
        [0],
        [0, 0],
        [0, 255],
        [1],
        [97],
        [97, 0],
        [97, 98],
        [127],
        [128],
        [255],
        [255, 255],
      ]
      await kv.apply(
        [...keys].reverse().map((key) => ({ key: Buffer.from(key), value: bytes('v') })),
        position(1),
      )
      expect([...kv.range(everyKey)].map((entry) => [...entry.key])).toEqual(keys)
      const backwards = [...kv.range({ ...everyKey, reverse: true })]
      expect(backwards.map((entry) => [...entry.key])).toEqual([...keys].reverse())
    })

    it('has a closed start and an open end, in both directions', async () => {
      await kv.apply(
        ['a', 'b', 'c', 'd'].map((key) => put(key, key)),
        position(1),
      )
      expect(keysOf(kv.range(between('b', 'd')))).toEqual(['b', 'c'])
      expect(keysOf(kv.range({ ...between('b', 'd'), reverse: true }))).toEqual(['c', 'b'])
      expect(keysOf(kv.range(between('bb', 'cc')))).toEqual(['c'])
      expect(keysOf(kv.range({ ...between('bb', 'cc'), reverse: true }))).toEqual(['c'])
      expect(keysOf(kv.range(between('', 'b')))).toEqual(['a'])
      expect(keysOf(kv.range(between('d', 'b')))).toEqual([])
      expect(keysOf(kv.range(between('b', 'b')))).toEqual([])
      expect(keysOf(kv.range(between('e', 'z')))).toEqual([])
    })

    it('holds keys and values as large as they come', async () => {
      const key = Buffer.alloc(1900, 0xfe)
      const value = Buffer.from(Array.from({ length: 700_000 }, (_, index) => index & 0xff))
      await kv.apply([{ key, value }, put('a', '1')], position(1))
      expect(kv.get(key)?.equals(value)).toBe(true)
      const last = [...kv.range(everyKey)].at(-1)
      expect(last?.key.equals(key)).toBe(true)
      expect(last?.value.equals(value)).toBe(true)
      // The buffer of one read is not the buffer of the next.
      const held = kv.get(bytes('a'))
      kv.get(key)
      expect(held).toEqual(bytes('1'))
    })

    it('is ranged over by bounds longer than any key', async () => {
      await kv.apply([put('a', '1'), put('b', '2')], position(1))
      const long = (text: string) => Buffer.from(text.padEnd(30_000, text))
      const after = (reverse: boolean) => ({ start: long('a'), end: long('b'), reverse })
      for (const reverse of [false, true]) {
        expect(keysOf(kv.range(after(reverse)))).toEqual(['b'])
        expect(keysOf(kv.range({ start: long('b'), end: long('c'), reverse }))).toEqual([])
        expect(keysOf(kv.range({ start: long('c'), end: long('d'), reverse }))).toEqual([])
      }
      expect(kv.get(long('a'))).toBeNull()
    })

    it('can be walked half way, many times over', async () => {
      await kv.apply(
        Array.from({ length: 100 }, (_, index) => put(`k${index}`, 'v')),
        position(1),
      )
      for (let round = 0; round < 300; round++) {
        for (const entry of kv.range(everyKey)) {
          expect(entry.value).toEqual(bytes('v'))
          break
        }
      }
    })

    it('goes on with a walk that was interrupted by an apply', async () => {
      await kv.apply(
        ['a', 'b', 'c', 'd'].map((key) => put(key, key)),
        position(1),
      )
      const walked: string[] = []
      for (const entry of kv.range(everyKey)) {
        walked.push(entry.key.toString())
        await kv.apply([put('bb', 'x'), { key: bytes('a'), value: null }], position(2))
      }
      expect(walked.filter((key) => key !== 'bb')).toEqual(['a', 'b', 'c', 'd'])
    })

    it('keeps a view as it was', async () => {
      await kv.apply([put('a', '1'), put('b', '1')], position(1))
      const view = kv.view()
      await kv.apply([put('a', '2'), put('c', '2'), { key: bytes('b'), value: null }], position(2))
      expect(view.position?.sequence).toBe(1)
      expect(rowsOf(view.range(everyKey))).toEqual(['a=1', 'b=1'])
      expect(view.entryCount).toBe(2)
      expect(view.get(bytes('a'))).toEqual(bytes('1'))
      expect(view.get(bytes('b'))).toEqual(bytes('1'))
      expect(view.get(bytes('c'))).toBeNull()
      expect(rowsOf(kv.range(everyKey))).toEqual(['a=2', 'c=2'])
      view.release()
      view.release()
    })

    it('counts the entries of a view', async () => {
      expect(kv.view().entryCount).toBe(0)
      for (let sequence = 1; sequence <= 40; sequence++) {
        const deleted = { key: bytes(`k${sequence - 3}`), value: null }
        await kv.apply([put(`k${sequence}`, 'x'), deleted], position(sequence))
        const view = kv.view()
        expect(view.entryCount).toBe([...view.range(everyKey)].length)
        view.release()
      }
    })

    it('makes views faster than it runs out of them', async () => {
      await kv.apply([put('a', '1')], position(1))
      for (let round = 0; round < 200; round++) {
        const view: KvView = kv.view()
        expect([...view.range(everyKey)]).toHaveLength(1)
        view.release()
        if (round % 20 === 0) await kv.apply([put('a', `${round}`)], position(round))
      }
    })

    it('makes a successor that starts empty and is its own', async () => {
      await kv.apply([put('a', '1')], position(5))
      const next = await kv.successor()
      expect(next.position).toBeNull()
      expect([...next.range(everyKey)]).toEqual([])
      await next.apply([put('b', '1')], position(6))
      expect(rowsOf(kv.range(everyKey))).toEqual(['a=1'])
      expect(rowsOf(next.range(everyKey))).toEqual(['b=1'])
      await kv[Symbol.asyncDispose]()
      expect(rowsOf(next.range(everyKey))).toEqual(['b=1'])
      await next[Symbol.asyncDispose]()
    })

    it('can be closed under a walk and a view, which then say so or end', async () => {
      await kv.apply([put('a', '1'), put('b', '2')], position(1))
      const view = kv.view()
      const walks = [kv.range(everyKey), view.range(everyKey), kv.range(everyKey)].map((range) => {
        const walk = range[Symbol.iterator]()
        walk.next()
        return walk
      })
      await kv[Symbol.asyncDispose]()
      for (const walk of walks.slice(0, 2)) {
        try {
          expect(walk.next().value?.key).toEqual(bytes('b'))
        } catch (error) {
          expect(error).toMatchObject({ kind: 'closed' })
        }
      }
      walks[2]?.return?.()
      view.release()
    })

    it('refuses everything once closed, and closes twice', async () => {
      await kv[Symbol.asyncDispose]()
      await kv[Symbol.asyncDispose]()
      expect(() => kv.get(bytes('a'))).toThrow(expect.objectContaining({ kind: 'closed' }))
      expect(() => [...kv.range(everyKey)]).toThrow(expect.objectContaining({ kind: 'closed' }))
      expect(() => kv.view()).toThrow(expect.objectContaining({ kind: 'closed' }))
      await expect(kv.apply([], position(1))).rejects.toMatchObject({ kind: 'closed' })
    })

    it('behaves as a sorted map does', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(batchOf, { maxLength: 8 }), rangeOf, async (batches, range) => {
          const made = await make()
          try {
            const model = new Map<string, string>()
            for (const [index, batch] of batches.entries()) {
              await made.kv.apply(batch, position(index + 1))
              for (const { key, value } of batch) apply(model, key, value)
            }
            expect(hexRows(made.kv.range(range))).toEqual(modelRange(model, range))
            for (const key of model.keys()) {
              expect(made.kv.get(Buffer.from(key, 'hex'))?.toString('hex')).toBe(model.get(key))
            }
          } finally {
            await made.dispose()
          }
        }),
        { numRuns: 40 },
      )
    })

    it('finds everything again when opened anew', async () => {
      if (fixture.reopen === null) return
      await kv.apply([put('a', '1'), put('b', '2')], position(9))
      const again = await fixture.reopen()
      expect(again.position).toEqual(position(9))
      expect(rowsOf(again.range(everyKey))).toEqual(['a=1', 'b=2'])
    })

    it('opens as its successor once that has a position, and not before', async () => {
      if (fixture.reopen === null) return
      await kv.apply([put('a', '1')], position(9))
      const unfinished = await kv.successor()
      await unfinished.apply([put('x', '1')], null)
      await unfinished[Symbol.asyncDispose]()
      const same = await fixture.reopen()
      expect(rowsOf(same.range(everyKey))).toEqual(['a=1'])

      const finished = await same.successor()
      await finished.apply([put('b', '1')], null)
      await finished.apply([], position(4))
      await same[Symbol.asyncDispose]()
      await finished[Symbol.asyncDispose]()
      const next = await fixture.reopen()
      expect(next.position).toEqual(position(4))
      expect(rowsOf(next.range(everyKey))).toEqual(['b=1'])
    })
  })
}

function bytes(text: string): Buffer {
  return Buffer.from(text)
}

function between(start: string, end: string): KeyRange {
  return { start: bytes(start), end: bytes(end) }
}

function keysOf(entries: Iterable<Entry>): string[] {
  return [...entries].map((entry) => entry.key.toString())
}

function rowsOf(entries: Iterable<Entry>): string[] {
  return [...entries].map((entry) => `${entry.key}=${entry.value}`)
}

function hexRows(entries: Iterable<Entry>): string[] {
  return [...entries].map((entry) => `${entry.key.toString('hex')}=${entry.value.toString('hex')}`)
}

function apply(model: Map<string, string>, key: Uint8Array, value: Uint8Array | null): void {
  const text = Buffer.from(key).toString('hex')
  if (value === null) model.delete(text)
  else model.set(text, Buffer.from(value).toString('hex'))
}

function modelRange(model: Map<string, string>, range: KeyRange): string[] {
  const start = Buffer.from(range.start).toString('hex')
  const end = Buffer.from(range.end).toString('hex')
  const rows = [...model]
    .filter(([key]) => key >= start && key < end)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
  return range.reverse === true ? rows.reverse() : rows
}

// Few bytes, so that keys collide and are prefixes of one another.
const keyOf = fc
  .array(fc.constantFrom(0, 1, 0x61, 0x7f, 0x80, 0xff), { minLength: 1, maxLength: 4 })
  .map((array) => Buffer.from(array))
const batchOf = fc.array(
  fc.record({
    key: keyOf,
    value: fc.option(fc.uint8Array({ maxLength: 40 }), { freq: 3 }),
  }),
  { maxLength: 12 },
)
const rangeOf = fc.record({ start: keyOf, end: keyOf, reverse: fc.boolean() })
