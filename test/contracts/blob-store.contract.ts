import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AppendOptions, BlobRef, BlobStore } from '../../src/engine/blob-store.ts'
import { EngineError } from '../../src/engine/errors.ts'
import { SeededRandom } from '../../src/platform/seeded-random.ts'

/** Raw bytes per chunk of the stores under test: small, so that blobs have many. */
export const CONTRACT_CHUNK_SIZE = 1024

export interface BlobStoreFixture {
  readonly store: BlobStore
  /** Opens the same bytes again, as the next process would; the store before is gone. */
  reopen(): Promise<BlobStore>
  close(): Promise<void>
}

const label = Buffer.from('label')
const signal = new AbortController().signal
const options: AppendOptions = { label, signal }

async function* pieces(bytes: Buffer, sizes: readonly number[] = [777]) {
  let at = 0
  for (let index = 0; at < bytes.length; index++) {
    const size = sizes[index % sizes.length] ?? 1
    yield bytes.subarray(at, at + size)
    at += size
  }
}

async function readAll(store: BlobStore, ref: BlobRef, start = 0, end = ref.size) {
  const parts: Uint8Array[] = []
  for await (const part of store.read(ref, { start, end }, signal)) parts.push(Buffer.from(part))
  return Buffer.concat(parts)
}

/** Bytes that compress in some places and not in others. */
function mixed(size: number, seed = 1): Buffer {
  const bytes = new SeededRandom(seed).bytes(size)
  for (let at = 0; at < size; at += 3000) bytes.fill(seed & 0xff, at, Math.min(size, at + 1500))
  return bytes
}

/** What every BlobStore promises, whatever is below it. */
export function describeBlobStore(name: string, open: () => Promise<BlobStoreFixture>): void {
  describe(`blob store contract: ${name}`, () => {
    let fixture: BlobStoreFixture
    let store: BlobStore
    beforeEach(async () => {
      fixture = await open()
      store = fixture.store
    })
    afterEach(() => fixture.close())

    it.each([1, 7, 1023, 1024, 1025, 2048, 10_000, 100_001])(
      'gives back a blob of %i bytes, before and after a restart',
      async (size) => {
        const bytes = mixed(size, size)
        const ref = await store.append(pieces(bytes), options)
        expect(ref.size).toBe(size)
        expect(ref.chunkCount).toBe(Math.ceil(size / CONTRACT_CHUNK_SIZE))
        expect((await readAll(store, ref)).equals(bytes)).toBe(true)
        const next = await fixture.reopen()
        expect((await readAll(next, ref)).equals(bytes)).toBe(true)
      },
    )

    it('gives back any range of a blob that came in any pieces', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 9000 }),
          fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 5 }),
          fc.tuple(
            fc.double({ min: 0, max: 1, noNaN: true }),
            fc.double({ min: 0, max: 1, noNaN: true }),
          ),
          async (size, sizes, [left, right]) => {
            const bytes = mixed(size, size)
            const ref = await store.append(pieces(bytes, sizes), options)
            const [low, high] = [left, right].sort((a, b) => a - b)
            const start = Math.min(size - 1, Math.floor((low ?? 0) * size))
            const end = Math.max(start + 1, Math.floor((high ?? 1) * size))
            expect((await readAll(store, ref, start, end)).equals(bytes.subarray(start, end))).toBe(
              true,
            )
          },
        ),
        { numRuns: 100 },
      )
    })

    it('reads a range within one chunk in one step', async () => {
      const bytes = mixed(5000)
      const ref = await store.append(pieces(bytes), options)
      for (const [start, end] of [
        [0, 1024],
        [1024, 2048],
        [4096, 5000],
        [2050, 2051],
      ] as const) {
        const range = await store.readSmall(ref, { start, end })
        expect(range.equals(bytes.subarray(start, end))).toBe(true)
      }
    })

    it('keeps blobs apart that are appended at the same time', async () => {
      const blobs = Array.from({ length: 20 }, (_, index) => mixed(500 + index * 700, index + 1))
      const refs = await Promise.all(
        blobs.map((bytes) => {
          const own = { label, signal: new AbortController().signal }
          return store.append(pieces(bytes), own)
        }),
      )
      for (const [index, ref] of refs.entries()) {
        expect((await readAll(store, ref)).equals(blobs[index] ?? Buffer.alloc(0))).toBe(true)
      }
      expect(new Set(refs.map(({ blob }) => `${blob.segment}:${blob.offset}`)).size).toBe(20)
    })

    it('accounts for what a blob occupies', async () => {
      const ref = await store.append(pieces(Buffer.alloc(5000, 7)), options)
      const stored = ref.extents.reduce((sum, { storedSize }) => sum + storedSize, 0)
      expect(stored).toBeGreaterThan(0)
      expect(stored).toBeLessThan(5000)
      expect(stored % 8).toBe(0)
    })

    it("rethrows the source's error as it is, and goes on", async () => {
      const failure = new TypeError('client went away')
      async function* source() {
        yield mixed(3000)
        throw failure
      }
      await expect(store.append(source(), options)).rejects.toBe(failure)
      const ref = await store.append(pieces(mixed(3000)), options)
      expect((await readAll(store, ref)).equals(mixed(3000))).toBe(true)
    })

    it('stops waiting for the source when the signal says so, and lets go of it', async () => {
      const controller = new AbortController()
      let released = false
      const source = {
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise<never>(() => {}),
          return: () => {
            released = true
            return Promise.resolve({ done: true as const, value: undefined })
          },
        }),
      }
      const append = store.append(source, { label, signal: controller.signal })
      controller.abort(new Error('enough'))
      await expect(append).rejects.toThrow('enough')
      expect(released).toBe(true)
    })

    it('does not start when the signal was there before', async () => {
      const append = store.append(pieces(mixed(10)), { label, signal: AbortSignal.abort() })
      await expect(append).rejects.toMatchObject({ name: 'AbortError' })
    })

    it('stops a read between chunks when the signal says so', async () => {
      const ref = await store.append(pieces(mixed(9000)), options)
      const controller = new AbortController()
      const iterator = store
        .read(ref, { start: 0, end: 9000 }, controller.signal)
        [Symbol.asyncIterator]()
      await iterator.next()
      controller.abort(new Error('enough'))
      await expect(iterator.next()).rejects.toThrow('enough')
    })

    it('lets a reader leave early', async () => {
      const ref = await store.append(pieces(mixed(9000)), options)
      for await (const part of store.read(ref, { start: 0, end: 9000 }, signal)) {
        expect(part.length).toBe(CONTRACT_CHUNK_SIZE)
        break
      }
    })

    it('prepares small blobs for a commit to carry', () => {
      const raw = Buffer.alloc(600, 'abc')
      const small = store.small(raw)
      expect(small.size).toBe(600)
      expect(small.record.codec).toBe('lz4')
      expect(small.record.payload.length).toBeLessThan(600)
      const place = { segment: 9, offset: 128 }
      expect(store.smallRef(small, place)).toMatchObject({
        blob: place,
        place,
        size: 600,
        chunkCount: 1,
      })
      const random = new SeededRandom(5).bytes(600)
      expect(store.small(random).record).toMatchObject({
        codec: 'none',
        rawSize: 600,
        payload: random,
      })
    })

    it('refuses everything once it is closed, and says so to appends under way', async () => {
      const ref = await store.append(pieces(mixed(10)), options)
      async function* endless() {
        for (;;) yield await new Promise<Uint8Array>(() => {})
      }
      const append = store.append(endless(), options)
      const outcome = expect(append).rejects.toMatchObject({ kind: 'closed' })
      await store[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
      await outcome
      await expect(store.append(pieces(mixed(10)), options)).rejects.toBeInstanceOf(EngineError)
      await expect(store.readSmall(ref, { start: 0, end: 1 })).rejects.toMatchObject({
        kind: 'closed',
      })
    })
  })
}
