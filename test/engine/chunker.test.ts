import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ChunkBuffers, Chunker } from '../../src/engine/chunker.ts'

async function* from(pieces: readonly Uint8Array[]) {
  for (const piece of pieces) yield piece
}

async function chunksOf(source: AsyncIterable<Uint8Array>, chunkSize: number): Promise<Buffer[]> {
  const chunker = new Chunker(source, new ChunkBuffers(chunkSize, 2))
  const chunks: Buffer[] = []
  for (let next = await chunker.next(); next !== null; next = await chunker.next()) {
    chunks.push(Buffer.from(next))
  }
  return chunks
}

describe('chunker', () => {
  it('cuts pieces of any sizes into chunks of one size, the last one shorter', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 64 }),
        async (pieces, chunkSize) => {
          const chunks = await chunksOf(from(pieces), chunkSize)
          const whole = Buffer.concat(pieces)
          expect(Buffer.concat(chunks).equals(whole)).toBe(true)
          expect(chunks.length).toBe(Math.ceil(whole.length / chunkSize))
          for (const chunk of chunks.slice(0, -1)) expect(chunk.length).toBe(chunkSize)
        },
      ),
    )
  })

  it('asks the source once per piece, and no more after its end', async () => {
    let asked = 0
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          asked += 1
          const done = asked > 1000
          return Promise.resolve(
            done ? { done, value: undefined } : { done, value: new Uint8Array(3) },
          )
        },
      }),
    } as AsyncIterable<Uint8Array>
    const chunker = new Chunker(source, new ChunkBuffers(1 << 20, 1))
    expect((await chunker.next())?.length).toBe(3000)
    expect(await chunker.next()).toBe(null)
    expect(await chunker.next()).toBe(null)
    expect(asked).toBe(1001)
  })

  it("lets the source's error through as it is, and asks no more", async () => {
    const failure = new Error('source')
    async function* source() {
      yield new Uint8Array(10)
      throw failure
    }
    const chunker = new Chunker(source(), new ChunkBuffers(4, 1))
    expect((await chunker.next())?.length).toBe(4)
    expect((await chunker.next())?.length).toBe(4)
    await expect(chunker.next()).rejects.toBe(failure)
    expect(await chunker.next()).toBe(null)
  })

  it('does not touch the memory of a piece after it was taken', async () => {
    const piece = Buffer.from('abcdef')
    const chunker = new Chunker(from([piece]), new ChunkBuffers(6, 1))
    const chunk = await chunker.next()
    piece.fill(0)
    expect(chunk?.toString()).toBe('abcdef')
  })

  it('stops at an abort, waiting or not, and lets go of the source once', async () => {
    let returnCount = 0
    const endless = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => {}),
        return: () => {
          returnCount += 1
          return Promise.reject(new Error('nobody hears this'))
        },
      }),
    }
    const chunker = new Chunker(endless, new ChunkBuffers(4, 1))
    const waiting = chunker.next()
    const reason = new Error('enough')
    chunker.abort(reason)
    chunker.abort(new Error('more than enough'))
    await expect(waiting).rejects.toBe(reason)
    await expect(chunker.next()).rejects.toBe(reason)
    chunker.release()
    chunker.release()
    expect(returnCount).toBe(1)
  })

  it('does not tell a source that has ended to end', async () => {
    let returned = false
    async function* source() {
      try {
        yield new Uint8Array(1)
      } finally {
        returned = true
      }
    }
    const iterator = source()
    const chunker = new Chunker(iterator, new ChunkBuffers(4, 1))
    await chunker.next()
    expect(returned).toBe(true)
    chunker.release()
  })
})

describe('chunk buffers', () => {
  it('are used again, up to a limit', () => {
    const buffers = new ChunkBuffers(16, 2)
    const taken = [buffers.take(), buffers.take(), buffers.take()]
    for (const buffer of taken) buffers.give(buffer)
    expect([buffers.take(), buffers.take()].every((buffer) => taken.includes(buffer))).toBe(true)
    expect(taken.includes(buffers.take())).toBe(false)
  })
})
