import { describe, expect, it } from 'vitest'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { objectStoreContract } from '../contracts/object-store.contract.ts'
import { openRealStore } from './real-subject.ts'
import {
  bucket,
  copy,
  failure,
  get,
  keysOf,
  noise,
  put,
  remove,
  UploadClient,
} from './store-requests.ts'

objectStoreContract('over the local catalog and the blob engine', () => openRealStore())

describe('a put that failed', () => {
  it.each(['kill', 'keep-all'] as const)(
    'does not come back, by a crash of model %s, once a delete has said that it is gone',
    async (model) => {
      const fs = new MemoryFileSystem({ simulate: true })
      const first = await openRealStore(fs)
      await first.store.createBucket(bucket, { region: 'x' })
      fs.intercept(({ operation }) => (operation === 'sync' ? { code: 'EIO' } : null))
      expect(await failure(put(first.store, 'doubtful', 'small'))).toBe('unavailable')
      expect(await failure(remove(first.store, 'doubtful'))).toBe('unavailable')
      fs.intercept(null)
      await expect
        .poll(() => failure(remove(first.store, 'doubtful')), { interval: 5 })
        .toBe('succeeded')
      const second = await openRealStore(fs.crash({ model }))
      expect(await keysOf(second.store)).toEqual([])
      await second.close()
      await first.close()
    },
  )
})

describe('what was acknowledged', { timeout: 60_000 }, () => {
  it.each(['kill', 'lose-all', 'torn'] as const)(
    'is all there after a crash of model %s',
    async (model) => {
      const fs = new MemoryFileSystem({ simulate: true })
      const first = await openRealStore(fs)
      await first.store.createBucket(bucket, { region: 'x' })
      await put(first.store, 'small', 'small')
      await put(first.store, 'large', noise(3_000_000))
      await copy(first.store, 'large', 'copy')
      await put(first.store, 'gone', noise(100_000))
      await remove(first.store, 'gone')
      const upload = await UploadClient.start(first.store, 'parts')
      const part = await upload.part(1, noise(70_000))

      const second = await openRealStore(fs.crash({ model }))
      await second.audit()
      expect(await keysOf(second.store)).toEqual(['copy', 'large', 'small'])
      expect((await get(second.store, 'small')).toString()).toBe('small')
      expect((await get(second.store, 'large')).equals(noise(3_000_000))).toBe(true)
      expect((await get(second.store, 'copy')).equals(noise(3_000_000))).toBe(true)
      const { uploadId } = upload
      const listed = await second.store.listMultipartUploads({
        bucket,
        prefix: '',
        delimiter: '',
        afterKey: '',
        afterUploadId: '',
        limit: 10,
      })
      expect(listed.uploads.map((one) => one.uploadId)).toEqual([uploadId])
      expect(part.size).toBe(70_000)
      await second.audit()
      await second.close()
      await first.close()
    },
  )
})
