import { describe, expect, it } from 'vitest'
import type { BlobRef } from '../../src/engine/blob-store.ts'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { append, noise, openEngine } from './fixture.ts'

const cacheSizeMax = 10_000
const whole = (ref: BlobRef) => ({ start: 0, end: ref.size })

describe('the cache of small blobs', () => {
  it('gives a blob a second time without the disk, and ranges of it', async () => {
    await using open = await openEngine(new MemoryFileSystem(), { cacheSizeMax })
    const bytes = noise(900)
    const ref = await append(open.engine, bytes)
    expect(await open.engine.readSmall(ref, whole(ref))).toEqual(bytes)
    expect(await open.engine.readSmall(ref, whole(ref))).toEqual(bytes)
    expect(await open.engine.readSmall(ref, { start: 5, end: 7 })).toEqual(bytes.subarray(5, 7))
    expect(open.engine.counters.chunksRead).toBe(1)
  })

  it('gives none away for a reference that is wrong', async () => {
    await using open = await openEngine(new MemoryFileSystem(), { cacheSizeMax })
    const ref = await append(open.engine, noise(900))
    await open.engine.readSmall(ref, whole(ref))
    const wrong = { ...ref, size: 899 }
    await expect(open.engine.readSmall(wrong, whole(wrong))).rejects.toThrow('raw size')
  })

  it('holds no more than it may', async () => {
    await using open = await openEngine(new MemoryFileSystem(), { cacheSizeMax })
    const refs: BlobRef[] = []
    for (let seed = 0; seed < 50; seed++) refs.push(await append(open.engine, noise(900, seed)))
    for (const ref of refs) await open.engine.readSmall(ref, whole(ref))
    const before = open.engine.counters.chunksRead
    for (const ref of refs) await open.engine.readSmall(ref, whole(ref))
    expect(open.engine.counters.chunksRead - before).toBeGreaterThanOrEqual(40)
  })

  it('keeps bytes of its own of what is not written yet', async () => {
    await using open = await openEngine(new MemoryFileSystem(), { cacheSizeMax })
    const small = open.engine.small(noise(600))
    const writer = open.segments.createWriter({ kind: 'journal' })
    const ref = open.engine.smallRef(small, writer.append(small.record))
    await open.engine.readSmall(ref, whole(ref))
    const kept = await open.engine.readSmall(ref, whole(ref))
    expect(kept).toEqual(noise(600))
    expect(kept.buffer.byteLength).toBeLessThan(1000)
  })
})
