import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ScanStep, Segments } from '../../src/segment/segments.ts'
import { type Place, RECIPE_NUMBER, type RecordInput } from '../../src/segment/types.ts'

export interface SegmentsFixture {
  readonly segments: Segments
  /** Opens the same files again, as the next process would; the object before is gone. */
  reopen(): Promise<Segments>
  close(): Promise<void>
}

const chain = {
  previousSegment: 3,
  previousEnd: 4096,
  firstSequence: 17,
  chain: Buffer.alloc(32, 0xc4),
}

function chunk(content: string | Buffer): RecordInput {
  const payload = Buffer.from(content)
  return { kind: 'chunk', codec: 'none', blob: 'self', number: 0, rawSize: payload.length, payload }
}

async function payloads(steps: AsyncIterable<ScanStep>): Promise<string[]> {
  const found: string[] = []
  for await (const step of steps) {
    found.push(step.step === 'record' ? String(step.payload) : step.step)
  }
  return found
}

/** What every implementation of Segments promises. */
export function describeSegments(name: string, open: () => Promise<SegmentsFixture>): void {
  describe(`segments contract: ${name}`, () => {
    let fixture: SegmentsFixture
    let segments: Segments
    beforeEach(async () => {
      fixture = await open()
      segments = fixture.segments
    })
    afterEach(() => fixture.close())

    it('never hands out an id twice, and none below those reserved', async () => {
      const first = segments.createWriter({ kind: 'data' })
      const second = segments.createWriter({ kind: 'journal' })
      expect(second.id).toBeGreaterThan(first.id)
      segments.reserveIds(50)
      segments.reserveIds(20)
      expect(segments.nextId).toBe(50)
      const third = segments.createWriter({ kind: 'data' })
      third.append(chunk('x'))
      await third.sync()
      expect((await fixture.reopen()).nextId).toBe(51)
    })

    it('removes a segment: reads end, its id is not used again, and it stays gone', async () => {
      const writer = segments.createWriter({ kind: 'data', lane: 7 })
      const place = writer.append(chunk('gone'))
      await writer.seal()
      expect(segments.list('data')).toMatchObject([{ lane: 7, storedSize: 56 }])
      await segments.removeSegment(writer.id)
      await segments.removeSegment(writer.id)
      expect(segments.has(writer.id)).toBe(false)
      await expect(segments.read(place)).rejects.toMatchObject({ kind: 'missing-segment' })
      expect(segments.findings).toEqual([])
      const open = segments.createWriter({ kind: 'data' })
      open.append(chunk('given up'))
      await open.sync()
      await segments.removeSegment(open.id)
      expect(open.isOpen).toBe(false)
      expect(segments.nextId).toBeGreaterThan(open.id)
      expect((await fixture.reopen()).list('data')).toEqual([])
    })

    it('keeps each tier apart, under ids that no other tier has', async () => {
      expect(segments.tiers[0]).toBe('hot')
      const places: Place[] = []
      for (const tier of segments.tiers) {
        const writer = segments.createWriter({ kind: 'data', tier })
        places.push(writer.append(chunk(tier)))
        await writer.seal()
      }
      expect(new Set(places.map(({ segment }) => segment)).size).toBe(segments.tiers.length)
      const expectAll = async (current: Segments) => {
        expect(current.list('data').map(({ tier }) => tier)).toEqual(segments.tiers)
        expect(places.map(({ segment }) => current.tierOf(segment))).toEqual(segments.tiers)
        expect(current.tierOf(999)).toBeNull()
        for (const [index, tier] of segments.tiers.entries()) {
          expect((await current.read(places[index]!)).payload.toString()).toBe(tier)
        }
      }
      await expectAll(segments)
      const next = await fixture.reopen()
      await expectAll(next)
      for (const { segment } of places) await next.removeSegment(segment)
      expect((await fixture.reopen()).list('data')).toEqual([])
      expect(next.findings).toEqual([])
    })

    it('serves a record before it is written, after, sealed, and in the next process', async () => {
      const writer = segments.createWriter({ kind: 'data' })
      const contents = ['', 'a', 'bb', 'x'.repeat(8000), 'y'.repeat(70_000)]
      const places = contents.map((content) => writer.append(chunk(content)))
      const expectAll = async (current: Segments) => {
        for (const [index, place] of places.entries()) {
          for (const guess of [undefined, 0, contents[index]?.length, 100_000]) {
            const { header, payload } = await current.read(place, guess)
            expect(payload.toString()).toBe(contents[index])
            expect(header).toMatchObject({ kind: 'chunk', place, blob: place, number: 0 })
          }
        }
      }
      await expectAll(segments)
      await writer.write()
      await expectAll(segments)
      await writer.sync()
      await writer.seal()
      await expectAll(segments)
      await expectAll(await fixture.reopen())
    })

    it('tells the states of a segment', async () => {
      const sealed = segments.createWriter({ kind: 'journal', chain: () => chain })
      sealed.append(chunk('one'))
      await sealed.seal({ sequence: 18, chain: Buffer.alloc(32, 5) })
      const active = segments.createWriter({ kind: 'journal', chain: () => chain })
      active.append(chunk('two'))
      expect(segments.list('journal').map(({ state }) => state)).toEqual(['sealed', 'active'])
      expect(segments.list('journal')[1]?.dataSize).toBe(0)
      await active.sync()
      expect(segments.list('journal')[1]?.dataSize).toBe(active.durableSize)
      expect(segments.list('data')).toEqual([])
      const next = await fixture.reopen()
      expect(next.list('journal')).toMatchObject([
        { id: sealed.id, state: 'sealed', header: chain },
        { id: active.id, state: 'unsealed', header: chain, end: null },
      ])
      expect(next.list('journal')[0]?.end).toEqual({ sequence: 18, chain: Buffer.alloc(32, 5) })
    })

    it('walks the records of a segment, in the range asked for', async () => {
      const writer = segments.createWriter({ kind: 'data' })
      const places = ['a', 'bb', 'ccc', 'dddd'].map((content) => writer.append(chunk(content)))
      expect(await payloads(segments.scan(writer.id, { payloads: true }))).toEqual([])
      await writer.sync()
      writer.append(chunk('not durable yet'))
      const walk = (from?: number, to?: number) => {
        const range = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) }
        return payloads(segments.scan(writer.id, { payloads: true, ...range }))
      }
      expect(await walk()).toEqual(['a', 'bb', 'ccc', 'dddd'])
      expect(await walk(places[1]?.offset)).toEqual(['bb', 'ccc', 'dddd'])
      expect(await walk(places[1]?.offset, places[3]?.offset)).toEqual(['bb', 'ccc'])
      await writer.seal()
      expect(await walk()).toEqual(['a', 'bb', 'ccc', 'dddd', 'not durable yet'])
    })

    it('finds chunks and recipes of sealed segments, and nothing else', async () => {
      const writer = segments.createWriter({ kind: 'data' })
      const places = Array.from({ length: 9000 }, (_, index) => writer.append(chunk(`${index}`)))
      const blob = { segment: 77, offset: 1 }
      const moved = writer.append({ ...chunk('r'), kind: 'recipe', blob, number: RECIPE_NUMBER })
      expect(segments.mayHold(writer.id, { blob, number: 3 })).toBe(true)
      expect(await segments.find(writer.id, { blob, number: 3 })).toEqual({ place: null, reads: 0 })
      await writer.seal()
      const next = await fixture.reopen()
      for (const place of [...places.slice(0, 50), ...places.slice(-50)]) {
        const key = { blob: place, number: 0 }
        expect(next.mayHold(writer.id, key)).toBe(true)
        expect((await next.find(writer.id, key)).place).toEqual(place)
        expect((await next.find(writer.id, key)).reads).toBe(0)
        expect((await next.find(writer.id, { blob: place, number: 1 })).place).toBe(null)
      }
      const key = { blob, number: RECIPE_NUMBER }
      expect((await next.find(writer.id, key)).place).toEqual(moved)
    })

    it('seals a segment found unsealed, once', async () => {
      const writer = segments.createWriter({ kind: 'journal', chain: () => chain })
      const places = ['a', 'bb'].map((content) => writer.append(chunk(content)))
      await writer.sync()
      const end = writer.size
      const next = await fixture.reopen()
      await next.seal(writer.id, end, { sequence: 20, chain: Buffer.alloc(32, 9) })
      await next.seal(writer.id, end, { sequence: 20, chain: Buffer.alloc(32, 9) })
      const last = await fixture.reopen()
      expect(last.list('journal')[0]).toMatchObject({ state: 'sealed', dataSize: end })
      expect(last.list('journal')[0]?.end?.sequence).toBe(20)
      expect(await payloads(last.scan(writer.id, { payloads: true }))).toEqual(['a', 'bb'])
      for (const place of places) {
        expect((await last.find(writer.id, { blob: place, number: 0 })).place).toEqual(place)
      }
      expect(last.findings).toEqual([])
    })

    it('shows a snapshot once it is published, and no more once it is removed', async () => {
      const writer = segments.createWriter({ kind: 'snapshot', chain: () => chain })
      const page = {
        ...chunk('page'),
        kind: 'snapshotPage',
        blob: { segment: 0, offset: 0 },
      } as const
      writer.append(page)
      expect(segments.list('snapshot')).toEqual([])
      await segments.publishSnapshot(writer)
      const replacement = segments.createWriter({ kind: 'snapshot', chain: () => chain })
      replacement.append({ ...page, payload: Buffer.from('newer') })
      await segments.publishSnapshot(replacement)
      const unfinished = segments.createWriter({ kind: 'snapshot', chain: () => chain })
      unfinished.append(page)
      await unfinished.sync()
      for (const next of [async () => segments, () => fixture.reopen()]) {
        const current = await next()
        expect(current.list('snapshot')).toMatchObject([{ id: replacement.id, header: chain }])
        const walk = current.scan(replacement.id, { payloads: true })
        expect(await payloads(walk)).toEqual(['newer'])
        segments = current
      }
      await segments.removeSnapshot(replacement.id)
      await segments.removeSnapshot(replacement.id)
      expect(segments.list('snapshot')).toEqual([])
      const last = await fixture.reopen()
      expect(last.list('snapshot')).toEqual([])
    })

    it('forgets a writer that never wrote', async () => {
      const writer = segments.createWriter({ kind: 'data' })
      await writer.sync()
      await writer.seal()
      expect(writer.isOpen).toBe(false)
      expect((await fixture.reopen()).list('data')).toEqual([])
    })

    it('gives up a writer without losing what is durable', async () => {
      const writer = segments.createWriter({ kind: 'data' })
      const kept = writer.append(chunk('kept'))
      await writer.sync()
      writer.append(chunk('lost'))
      writer.abandon()
      writer.abandon()
      expect(writer.isOpen).toBe(false)
      expect(() => writer.append(chunk('no'))).toThrow('abandoned')
      await expect(writer.write()).rejects.toMatchObject({ kind: 'abandoned' })
      await expect(writer.sync()).rejects.toMatchObject({ kind: 'abandoned' })
      await expect(writer.seal()).rejects.toMatchObject({ kind: 'abandoned' })
      expect((await segments.read(kept)).payload.toString()).toBe('kept')
      expect(segments.list('data')[0]).toMatchObject({ state: 'unsealed', dataSize: 184 })
      expect(await payloads(segments.scan(writer.id, { payloads: true }))).toEqual(['kept'])
    })

    it('knows which segments there are', async () => {
      const writer = segments.createWriter({ kind: 'data' })
      writer.append(chunk('x'))
      await writer.sync()
      expect(segments.has(writer.id)).toBe(true)
      expect(segments.has(999)).toBe(false)
      const missing = { segment: 999, offset: 128 }
      await expect(segments.read(missing)).rejects.toMatchObject({ kind: 'missing-segment' })
      const next = await fixture.reopen()
      expect(next.has(writer.id)).toBe(true)
    })

    it('refuses everything once it is closed', async () => {
      const writer = segments.createWriter({ kind: 'data' })
      const place = writer.append(chunk('x'))
      await writer.sync()
      await segments[Symbol.asyncDispose]()
      await expect(segments.read(place)).rejects.toMatchObject({ kind: 'closed' })
      expect(() => segments.createWriter({ kind: 'data' })).toThrow('closed')
      await expect(writer.seal()).rejects.toMatchObject({ kind: 'abandoned' })
    })
  })
}
