import { expect, it } from 'vitest'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { type CompactionBed, openCompactionBed } from './compaction/compaction-bed.ts'
import { bodyOf, bucket, failure, noise, put, remove, UploadClient } from './store-requests.ts'

/** What is left of a chunk that was not full is never written. */
const wholeChunks = (size: number) => Math.floor(size / 1024) * 1024

async function opened(): Promise<{ fs: MemoryFileSystem; bed: CompactionBed }> {
  const fs = new MemoryFileSystem({ simulate: true })
  const bed = await openCompactionBed(fs, { journal: true })
  await bed.store.createBucket(bucket, { region: 'x' })
  await put(bed.store, 'whole', noise(3000))
  return { fs, bed }
}

/** A body that ends with an error after so many bytes. */
function cutOff(size: number) {
  async function* stream() {
    yield* [noise(size), noise(size)]
    throw new Error('the client went away')
  }
  return { ...bodyOf(''), size: null, stream: stream() }
}

it.each([300, 1500, 6000, 20_000])(
  'a body cut off after %s bytes is garbage at once',
  async (n) => {
    const { bed } = await opened()
    const before = bed.compaction.space().dead
    expect(await failure(put(bed.store, 'cut', '', { body: cutOff(n) }))).toMatch('went away')
    await bed.audit({ complete: true })
    const { dead } = bed.compaction.space()
    // A chunk may still be in compression when the end comes.
    expect(dead - before).toBeGreaterThanOrEqual(wholeChunks(2 * n) - 2048)
    await bed.compactAll()
    await bed.audit({ complete: true })
    // Less than a fifth of a segment is not worth it.
    expect(bed.compaction.space().dead).toBeLessThan(1200)
    await bed.close()
  },
)

it('a body that was aborted is garbage', async () => {
  const { bed } = await opened()
  const aborting = new AbortController()
  async function* stream() {
    yield noise(5000)
    aborting.abort(new Error('aborted'))
    yield noise(5000)
  }
  const body = { ...bodyOf('', { signal: aborting.signal }), size: null, stream: stream() }
  expect(await failure(put(bed.store, 'cut', '', { body }))).toMatch('aborted')
  expect(bed.compaction.space().dead).toBeGreaterThan(3000)
  await bed.audit({ complete: true })
  await bed.close()
})

it('a body that is not what was declared is garbage, of an object or a part', async () => {
  const { bed } = await opened()
  const wrong = { contentMd5: Buffer.alloc(16) }
  const body = bodyOf(noise(5000), wrong)
  expect(await failure(put(bed.store, 'cut', '', { body }))).toBe('bad-digest')
  const upload = await UploadClient.start(bed.store, 'parts')
  expect(await failure(upload.part(1, '', bodyOf(noise(5000), wrong)))).toBe('bad-digest')
  expect(bed.compaction.space().dead).toBeGreaterThan(5000)
  await bed.audit({ complete: true })
  await remove(bed.store, 'whole')
  await bed.compactAll()
  expect(bed.compaction.space().dead).toBe(0)
  await bed.close()
})

it('what a failing disk leaves is not counted, and nothing is lost by it', async () => {
  const { fs, bed } = await opened()
  let count = 0
  fs.intercept(({ operation, path }) => {
    const isData = operation === 'sync' && path.startsWith('/data/hot')
    return isData && count++ === 0 ? { code: 'EIO' } : null
  })
  const outcome = await failure(put(bed.store, 'cut', '', { body: cutOff(9000) }))
  expect(outcome).not.toBe('succeeded')
  fs.intercept(null)
  await put(bed.store, 'after', noise(3000))
  await bed.audit({ holes: true })
  await bed.close()
})
