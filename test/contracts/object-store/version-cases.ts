import { expect, it } from 'vitest'
import { NULL_VERSION_ID, type VersionId } from '../../../src/model/version-id.ts'
import {
  bucket,
  copy,
  failure,
  get,
  key,
  keysOf,
  list,
  noise,
  open as openObject,
  put,
  remove,
  UploadClient,
} from '../../store/store-requests.ts'
import { type OpenSubject, onStore } from './subject.ts'
import { onVersions, removeVersion, shown, versions, written } from './version-requests.ts'

const foreign = 'f'.repeat(32) as VersionId

export function versionCases(open: OpenSubject): void {
  it(
    'keeps every version, and gives the newest unless one is named',
    onVersions(open, async (store) => {
      const ids = [await written(store, 'one'), await written(store, 'two')]
      expect(new Set(ids).size).toBe(2)
      expect([...ids].sort()).toEqual(ids)
      expect((await get(store, 'a')).toString()).toBe('two')
      for (const [index, text] of ['one', 'two'].entries()) {
        const found = await openObject(store, 'a', { version: ids[index] })
        expect(found).toMatchObject({ versionId: ids[index], size: 3 })
        expect((await get(store, 'a', { version: ids[index] })).toString()).toBe(text)
      }
      expect(await keysOf(store)).toEqual(['a'])
    }),
  )

  it(
    'tells a version that is not there from a key that is not',
    onVersions(open, async (store) => {
      const ids = [await written(store, 'x'), await written(store, 'y')]
      expect(await failure(get(store, 'none'))).toBe('no-such-key')
      // Of the right number, and by chance of another: as after a backup was restored.
      const twisted = ids.map((id) => `${id.slice(0, 16)}${'0'.repeat(16)}` as VersionId)
      for (const version of [foreign, NULL_VERSION_ID, ...twisted]) {
        expect(await failure(get(store, 'a', { version }))).toBe('no-such-version')
        expect(await failure(get(store, 'none', { version }))).toBe('no-such-version')
        await removeVersion(store, version)
      }
      expect((await shown(store)).map(([, id]) => id)).toEqual([...ids].reverse())
    }),
  )

  it(
    'covers an object with a delete marker, and uncovers it',
    onVersions(open, async (store) => {
      const id = await written(store, 'x')
      const marker = await remove(store, 'a')
      expect(marker.isDeleteMarker).toBe(true)
      const version = marker.versionId as VersionId
      expect(await keysOf(store)).toEqual([])
      const missing = get(store, 'a')
      await expect(missing).rejects.toMatchObject({
        kind: 'no-such-key',
        detail: { markerVersionId: version },
      })
      expect(await failure(get(store, 'a', { version }))).toBe('delete-marker')
      expect((await get(store, 'a', { version: id })).toString()).toBe('x')
      expect(await removeVersion(store, version)).toEqual(marker)
      expect((await get(store, 'a')).toString()).toBe('x')
      expect(await removeVersion(store, version)).toEqual({ ...marker, isDeleteMarker: false })
    }),
  )

  it(
    'stacks delete markers, also of a key that never was',
    onVersions(open, async (store) => {
      const markers = [await remove(store, 'a'), await remove(store, 'a')]
      expect(markers.every(({ isDeleteMarker }) => isDeleteMarker)).toBe(true)
      expect(await shown(store)).toEqual([
        ['a', markers[1]?.versionId, 'latest marker'],
        ['a', markers[0]?.versionId, 'marker'],
      ])
      await removeVersion(store, markers[1]?.versionId)
      expect(await shown(store)).toEqual([['a', markers[0]?.versionId, 'latest marker']])
      await removeVersion(store, markers[0]?.versionId)
      expect(await failure(store.deleteBucket(bucket))).toBe('succeeded')
      await store.createBucket(bucket, { region: 'us-east-1' })
    }),
  )

  it(
    'removes just the version named, and makes the next newest current',
    onVersions(open, async (store) => {
      const ids: VersionId[] = []
      for (const text of ['one', 'two', 'three', 'four']) ids.push(await written(store, text))
      await removeVersion(store, ids[1])
      expect((await get(store, 'a')).toString()).toBe('four')
      await removeVersion(store, ids[3])
      expect((await get(store, 'a')).toString()).toBe('three')
      expect((await list(store)).objects).toMatchObject([{ key: 'a', size: 5 }])
      await removeVersion(store, ids[2])
      expect((await get(store, 'a')).toString()).toBe('one')
      await removeVersion(store, ids[0])
      expect(await failure(get(store, 'a'))).toBe('no-such-key')
      expect(await shown(store)).toEqual([])
      expect(await store.usage(bucket)).toMatchObject({ objects: 0, olderVersions: 0, bytes: 0 })
    }),
  )

  it(
    'takes what was there before for the null version',
    onStore(open, async (store) => {
      expect((await put(store, 'a', 'before')).versionId).toBeNull()
      expect((await openObject(store, 'a')).versionId).toBeNull()
      expect((await get(store, 'a', { version: NULL_VERSION_ID })).toString()).toBe('before')
      expect(await failure(get(store, 'a', { version: foreign }))).toBe('no-such-version')
      await store.putBucketVersioning(bucket, 'enabled')
      expect((await openObject(store, 'a')).versionId).toBe('null')
      const id = await written(store, 'after')
      expect((await get(store, 'a', { version: NULL_VERSION_ID })).toString()).toBe('before')
      await removeVersion(store, id)
      expect((await openObject(store, 'a')).versionId).toBe('null')
      expect(await removeVersion(store, NULL_VERSION_ID)).toMatchObject({ isDeleteMarker: false })
      expect(await shown(store)).toEqual([])
    }),
  )

  it(
    'replaces just the null version while versioning is suspended',
    onVersions(open, async (store) => {
      const id = await written(store, 'kept')
      await store.putBucketVersioning(bucket, 'suspended')
      for (const text of ['first', 'second']) {
        expect(await written(store, text)).toBe('null')
        expect((await get(store, 'a')).toString()).toBe(text)
      }
      expect(await shown(store)).toEqual([
        ['a', 'null', 'latest object'],
        ['a', id, 'object'],
      ])
      expect(await remove(store, 'a')).toEqual({ versionId: 'null', isDeleteMarker: true })
      expect(await remove(store, 'a')).toEqual({ versionId: 'null', isDeleteMarker: true })
      expect(await shown(store)).toEqual([
        ['a', 'null', 'latest marker'],
        ['a', id, 'object'],
      ])
      await store.putBucketVersioning(bucket, 'enabled')
      const newest = await written(store, 'newest')
      await store.putBucketVersioning(bucket, 'suspended')
      // The null version, a marker, lies below; the new one replaces it from there.
      await written(store, 'null again')
      expect(await shown(store)).toEqual([
        ['a', 'null', 'latest object'],
        ['a', newest, 'object'],
        ['a', id, 'object'],
      ])
      await removeVersion(store, NULL_VERSION_ID)
      expect((await get(store, 'a')).toString()).toBe('newest')
    }),
  )

  it(
    'tells how a bucket is versioned, and removes none that holds history',
    onStore(open, async (store) => {
      expect((await store.getBucket(bucket)).versioning).toBe('unversioned')
      await store.putBucketVersioning(bucket, 'suspended')
      expect((await store.getBucket(bucket)).versioning).toBe('suspended')
      await store.putBucketVersioning(bucket, 'enabled')
      await store.putBucketVersioning(bucket, 'enabled')
      const { buckets } = await store.listBuckets({ prefix: '', after: '', limit: 10 })
      expect(buckets).toMatchObject([{ name: bucket, versioning: 'enabled' }])
      await written(store, 'x')
      await remove(store, 'a')
      expect(await failure(store.deleteBucket(bucket))).toBe('bucket-not-empty')
    }),
  )

  it(
    'holds conditions against the current object, of which a marker is none',
    onVersions(open, async (store) => {
      const { etag } = await put(store, 'a', 'one', { conditions: { ifNoneMatch: '*' } })
      const first = await openObject(store, 'a')
      await put(store, 'a', 'two', { conditions: { ifMatch: etag } })
      const stale = put(store, 'a', 'three', { conditions: { ifMatch: etag } })
      expect(await failure(stale)).toBe('precondition-failed')
      expect(await failure(remove(store, 'a', etag))).toBe('precondition-failed')
      const byVersion = { bucket, key: key('a'), version: first.versionId ?? undefined }
      const wrong = store.deleteObject({ ...byVersion, conditions: { ifMatch: 'abc' } })
      expect(await failure(wrong)).toBe('precondition-failed')
      await store.deleteObject({ ...byVersion, conditions: { ifMatch: etag } })
      await remove(store, 'a', '*')
      const none = put(store, 'a', 'x', { conditions: { ifMatch: '*' } })
      expect(await failure(none)).toBe('no-such-key')
      expect(await failure(remove(store, 'a', '*'))).toBe('no-such-key')
      await put(store, 'a', 'x', { conditions: { ifNoneMatch: '*' } })
    }),
  )

  it(
    'tags the version named',
    onVersions(open, async (store) => {
      const ids = [await written(store, 'one'), await written(store, 'two')]
      const tags = [{ key: 'k', value: 'v' }]
      const older = { bucket, key: key('a'), version: ids[0] }
      expect(await store.putObjectTags(older, tags)).toBe(ids[0])
      expect(await store.getObjectTags(older)).toEqual({ tags, versionId: ids[0] })
      const current = { bucket, key: key('a') }
      expect(await store.getObjectTags(current)).toEqual({ tags: [], versionId: ids[1] })
      expect(await store.putObjectTags(current, tags)).toBe(ids[1])
      const { versionId } = await remove(store, 'a')
      const marker = { ...current, version: versionId ?? undefined }
      expect(await failure(store.getObjectTags(marker))).toBe('delete-marker')
      expect(await failure(store.putObjectTags(marker, tags))).toBe('delete-marker')
      expect(await failure(store.putObjectTags(current, tags))).toBe('no-such-key')
      await removeVersion(store, versionId)
      expect((await store.getObjectTags(current)).tags).toEqual(tags)
    }),
  )

  it(
    'copies the version named, onto itself too',
    onVersions(open, async (store) => {
      const ids = [await written(store, noise(70_000, 1)), await written(store, 'two')]
      const source = { bucket, key: key('a'), version: ids[0], conditions: {} }
      const restored = await copy(store, 'a', 'a', { source })
      expect(restored.sourceVersionId).toBe(ids[0])
      expect((await get(store, 'a')).equals(noise(70_000, 1))).toBe(true)
      const elsewhere = await copy(store, 'a', 'b')
      expect(elsewhere.sourceVersionId).toBe(restored.versionId)
      await copy(store, 'a', 'a', { metadata: new Map([['k', 'v']]) })
      for (const { key: name, versionId } of (await versions(store)).versions) {
        await removeVersion(store, versionId, name)
      }
      expect((await store.usage(bucket)).storedBytes).toBe(0)
    }),
  )

  it(
    'lets a copy take over the null version that it replaces',
    onStore(open, async (store) => {
      await put(store, 'a', noise(70_000, 1))
      await store.putBucketVersioning(bucket, 'suspended')
      await copy(store, 'a', 'a', { metadata: new Map([['k', 'v']]) })
      await store.putBucketVersioning(bucket, 'enabled')
      const id = await written(store, 'two')
      await store.putBucketVersioning(bucket, 'suspended')
      const source = { bucket, key: key('a'), version: NULL_VERSION_ID, conditions: {} }
      await copy(store, 'a', 'a', { source })
      expect((await get(store, 'a')).equals(noise(70_000, 1))).toBe(true)
      expect(await shown(store)).toEqual([
        ['a', 'null', 'latest object'],
        ['a', id, 'object'],
      ])
      expect(await store.usage(bucket)).toMatchObject({ objects: 1, olderVersions: 1 })
    }),
  )

  it(
    'makes a version of an upload, and copies parts of the version named',
    onVersions(open, async (store) => {
      const id = await written(store, 'one')
      await written(store, 'two')
      const upload = await UploadClient.start(store, 'a')
      const source = { bucket, key: key('a'), version: id, conditions: {} }
      const { uploadId } = upload
      const signal = new AbortController().signal
      const target = { bucket, key: key('a'), uploadId, partNumber: 1, signal }
      const part = await store.uploadPartCopy({ ...target, source, range: null })
      expect(part.sourceVersionId).toBe(id)
      const completed = await upload.complete([part])
      expect((await get(store, 'a')).toString()).toBe('one')
      expect((await openObject(store, 'a')).versionId).toBe(completed.versionId)
      expect((await upload.complete([part])).versionId).toBe(completed.versionId)
      expect((await versions(store)).versions).toHaveLength(3)
    }),
  )

  it(
    'removes many, each as it is named',
    onVersions(open, async (store) => {
      const ids = [await written(store, 'one'), await written(store, 'two')]
      const results = await store.deleteObjects(bucket, [
        { key: key('a'), version: ids[1] },
        { key: key('a') },
        { key: key('b') },
        { key: key('a'), version: foreign },
      ])
      expect(results).toMatchObject([
        { deleted: true, versionId: ids[1], isDeleteMarker: false },
        { deleted: true, isDeleteMarker: true },
        { deleted: true, isDeleteMarker: true },
        { deleted: true, versionId: foreign, isDeleteMarker: false },
      ])
      const left = (await versions(store)).versions
      expect(left.map((version) => [version.key, version.kind])).toEqual([
        ['a', 'delete-marker'],
        ['a', 'object'],
        ['b', 'delete-marker'],
      ])
      const all = left.map((version) => ({ key: version.key, version: version.versionId }))
      const again = await store.deleteObjects(bucket, all)
      expect(again.every(({ deleted }) => deleted)).toBe(true)
      expect(await shown(store)).toEqual([])
    }),
  )

  it(
    'counts older versions and their bytes',
    onVersions(open, async (store) => {
      await put(store, 'a', noise(100))
      await put(store, 'a', noise(200))
      expect(await store.usage(bucket)).toMatchObject({
        objects: 1,
        olderVersions: 1,
        bytes: 300,
      })
      await remove(store, 'a')
      expect(await store.usage(bucket)).toMatchObject({
        objects: 0,
        olderVersions: 3,
        bytes: 300,
      })
    }),
  )
}
