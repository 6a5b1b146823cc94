import { describe, expect, it } from 'vitest'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { counterKey } from '../../src/store/rows/keys.ts'
import { openCompactionBed } from './compaction/compaction-bed.ts'
import { bucket, failure, get, noise, put, remove } from './store-requests.ts'

const ID = 1

describe('a bucket whose counters are wrong', () => {
  it('is not removed from under its objects', async () => {
    const bed = await openCompactionBed(new MemoryFileSystem())
    await bed.store.createBucket(bucket, { region: 'x' })
    await put(bed.store, 'one', noise(100))
    await bed.catalog.commit({ adds: [{ key: counterKey(ID, 'objects'), delta: -1 }] })
    expect((await bed.store.usage(bucket)).objects).toBe(0)
    expect(await failure(bed.store.deleteBucket(bucket))).toBe('bucket-not-empty')
    expect((await get(bed.store, 'one')).equals(noise(100))).toBe(true)
    await bed.close()
  })

  it('is removed when there is nothing in it', async () => {
    const bed = await openCompactionBed(new MemoryFileSystem())
    await bed.store.createBucket(bucket, { region: 'x' })
    await put(bed.store, 'one', noise(100))
    await bed.catalog.commit({ adds: [{ key: counterKey(ID, 'objects'), delta: 3 }] })
    expect(await failure(bed.store.deleteBucket(bucket))).toBe('bucket-not-empty')
    await remove(bed.store, 'one')
    await bed.store.deleteBucket(bucket)
    await bed.audit()
    await bed.close()
  })

  it('is not removed beside an object that is just being written', async () => {
    const bed = await openCompactionBed(new MemoryFileSystem())
    for (let round = 0; round < 20; round++) {
      await bed.store.createBucket(bucket, { region: 'x' })
      const outcomes = await Promise.all([
        failure(put(bed.store, 'one', noise(100))),
        failure(bed.store.deleteBucket(bucket)),
        failure(put(bed.store, 'two', noise(5000))),
      ])
      if (outcomes[1] === 'succeeded') {
        expect(outcomes).toEqual(['no-such-bucket', 'succeeded', 'no-such-bucket'])
      } else {
        expect(outcomes).toEqual(['succeeded', 'bucket-not-empty', 'succeeded'])
        await remove(bed.store, 'one')
        await remove(bed.store, 'two')
        await bed.store.deleteBucket(bucket)
      }
      await bed.audit()
    }
    await bed.close()
  })
})
