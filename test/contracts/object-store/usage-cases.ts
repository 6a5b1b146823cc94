import { expect, it } from 'vitest'
import { bucket, copy, noise, put, remove, UploadClient } from '../../store/store-requests.ts'
import { type OpenSubject, onStore } from './subject.ts'

export function usageCases(open: OpenSubject): void {
  it(
    'counts objects and bytes through every change',
    onStore(open, async (store) => {
      const counts = async () => {
        const { objects, bytes } = await store.usage(bucket)
        return [objects, bytes]
      }
      expect(await counts()).toEqual([0, 0])
      await put(store, 'a', noise(100))
      await put(store, 'b', noise(200_000))
      expect(await counts()).toEqual([2, 200_100])
      await put(store, 'b', noise(50))
      expect(await counts()).toEqual([2, 150])
      await copy(store, 'a', 'c')
      expect(await counts()).toEqual([3, 250])
      await copy(store, 'a', 'a', { metadata: new Map() })
      expect(await counts()).toEqual([3, 250])
      await remove(store, 'a')
      await remove(store, 'a')
      expect(await counts()).toEqual([2, 150])
      await remove(store, 'b')
      await remove(store, 'c')
      expect(await counts()).toEqual([0, 0])
      expect((await store.usage(bucket)).storedBytes).toBe(0)
    }),
  )

  it(
    'counts what lies on disk, shared blobs once per object',
    onStore(open, async (store) => {
      await put(store, 'a', noise(100_000))
      const { storedBytes } = await store.usage(bucket)
      expect(storedBytes).toBeGreaterThan(100_000)
      await copy(store, 'a', 'b')
      expect((await store.usage(bucket)).storedBytes).toBe(2 * storedBytes)
    }),
  )

  it(
    'counts parts apart until they are an object',
    onStore(open, async (store) => {
      const upload = await UploadClient.start(store, 'a')
      const part = await upload.part(1, noise(100_000))
      await upload.part(2, 'not listed')
      expect(await store.usage(bucket)).toMatchObject({
        objects: 0,
        bytes: 0,
        storedBytes: 0,
        uploads: 1,
        partBytes: 100_010,
      })
      await upload.complete([part])
      expect(await store.usage(bucket)).toMatchObject({
        objects: 1,
        bytes: 100_000,
        uploads: 0,
        partBytes: 0,
      })
    }),
  )
}
