import { expect, it } from 'vitest'
import { NULL_VERSION_ID } from '../../../src/model/version-id.ts'
import { bucket, put, remove } from '../../store/store-requests.ts'
import { type OpenSubject, onStore } from './subject.ts'
import { onVersions, removeVersion, shownAfter, versions, written } from './version-requests.ts'

export function versionListingCases(open: OpenSubject): void {
  it(
    'goes on listing behind a version that was removed meanwhile',
    onVersions(open, async (store) => {
      const [one, two, three] = [
        await written(store, '1'),
        await written(store, '2'),
        await written(store, '3'),
      ]
      expect(await shownAfter(store, three)).toEqual([
        ['a', two, 'object'],
        ['a', one, 'object'],
      ])
      await removeVersion(store, three)
      expect(await shownAfter(store, three)).toEqual([
        ['a', two, 'latest object'],
        ['a', one, 'object'],
      ])
      const markers = [(await remove(store, 'a')).versionId, (await remove(store, 'a')).versionId]
      const rest = [
        ['a', markers[0], 'latest marker'],
        ['a', two, 'object'],
        ['a', one, 'object'],
      ]
      await removeVersion(store, markers[1])
      expect(await shownAfter(store, markers[1])).toEqual(rest)
      expect(await shownAfter(store, two)).toEqual(rest.slice(2))
      expect(await shownAfter(store, one)).toEqual([])
      // There is no null version to go on behind: all are shown again rather than none.
      expect(await shownAfter(store, NULL_VERSION_ID)).toEqual(rest)
      expect(await shownAfter(store, null)).toEqual([])
    }),
  )

  it(
    'lists behind a null version wherever it lies',
    onStore(open, async (store) => {
      await put(store, 'a', 'null')
      await put(store, 'b', 'other')
      await store.putBucketVersioning(bucket, 'enabled')
      expect(await shownAfter(store, NULL_VERSION_ID)).toEqual([['b', 'null', 'latest object']])
      const id = await written(store, 'x')
      expect(await shownAfter(store, NULL_VERSION_ID)).toEqual([['b', 'null', 'latest object']])
      await store.putBucketVersioning(bucket, 'suspended')
      await written(store, 'null again')
      expect(await shownAfter(store, NULL_VERSION_ID)).toEqual([
        ['a', id, 'object'],
        ['b', 'null', 'latest object'],
      ])
      const page = await versions(store, { limit: 1 })
      expect(page).toMatchObject({ isTruncated: true, lastKey: 'a' })
      // Says where to go on even when the null version is gone by then.
      await removeVersion(store, NULL_VERSION_ID)
      expect(await shownAfter(store, page.lastVersion)).toEqual([
        ['a', id, 'latest object'],
        ['b', 'null', 'latest object'],
      ])
    }),
  )
}
