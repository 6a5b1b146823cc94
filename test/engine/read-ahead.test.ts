import { expect, it } from 'vitest'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { append, chunkSize, noise, openEngine } from './fixture.ts'

const signal = new AbortController().signal

it('reads little ahead for many who take nothing', async () => {
  await using open = await openEngine(new MemoryFileSystem(), { aheadCountMax: 4 })
  const bytes = noise(20 * chunkSize)
  const ref = await append(open.engine, bytes)
  const range = { start: 0, end: bytes.length }
  const readers = Array.from({ length: 30 }, () => open.engine.read(ref, range, signal))
  const before = open.engine.counters.chunksRead
  for (const reader of readers) await reader.next()
  expect(open.engine.counters.chunksRead - before).toBeLessThanOrEqual(30 + 4 + 2)
  for (const reader of readers.slice(1)) await reader.return(undefined)
  const last = open.engine.counters.chunksRead
  const rest: Buffer[] = []
  for await (const chunk of readers[0]!) rest.push(chunk)
  expect(Buffer.concat(rest).equals(bytes.subarray(chunkSize))).toBe(true)
  await open.engine.read(ref, range, signal).next()
  expect(open.engine.counters.chunksRead - last).toBe(17 + 3)
})
