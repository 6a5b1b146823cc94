/** What happens to the versions of a key between a commit and its sync. */
import { describe, expect, it } from 'vitest'
import { CatalogError } from '../../src/catalog/errors.ts'
import { NULL_VERSION_ID, type VersionId } from '../../src/model/version-id.ts'
import type { ObjectStore } from '../../src/store/object-store.ts'
import { type MemorySubject, openMemoryStore } from './memory-subject.ts'
import { bucket, copy, failure, get, key, noise, put, remove } from './store-requests.ts'

const broken = new CatalogError('unavailable', 'sync failed')

describe('a version stack, while a commit on it is not durable', () => {
  it('uncovers the version that is just being moved below', async () => {
    const { store, catalog, audit } = await opened()
    for (const text of ['one', 'two']) await put(store, 'a', text)
    await store.putBucketVersioning(bucket, 'suspended')
    catalog.hold()
    const writing = put(store, 'a', 'null')
    await idle()
    const removing = removeVersion(store, NULL_VERSION_ID)
    await idle()
    catalog.release()
    await writing
    await removing
    expect((await get(store, 'a')).toString()).toBe('two')
    await audit()
  })

  it('keeps all that is written at once, and in the order of their ids', async () => {
    const { store, catalog, audit } = await opened()
    catalog.hold()
    const writing = ['1', '2', '3'].map((text) => put(store, 'a', text))
    const marking = remove(store, 'a')
    await idle()
    catalog.release()
    const ids = (await Promise.all(writing)).map(({ versionId }) => versionId)
    const marker = (await marking).versionId
    expect(await listed(store)).toEqual([...ids, marker].sort().reverse())
    await audit()
  })

  it('gives no body back that a copy has just taken over', async () => {
    const { store, catalog, audit } = await opened()
    const { versionId } = await put(store, 'a', noise(70_000))
    catalog.hold()
    const copying = copy(store, 'a', 'b')
    await idle()
    const removing = removeVersion(store, versionId as VersionId)
    await idle()
    catalog.release()
    await Promise.all([copying, removing])
    expect((await get(store, 'b')).equals(noise(70_000))).toBe(true)
    await audit()
  })

  it('is as before when the commit comes to nothing', async () => {
    const { store, catalog } = await opened()
    const { versionId } = await put(store, 'a', 'one')
    catalog.hold()
    const outcomes = [put(store, 'a', 'two'), remove(store, 'a')].map(failure)
    await idle()
    await catalog.breakDown(broken)
    expect(await Promise.all(outcomes)).toEqual(['unavailable', 'unavailable'])
    expect(await listed(store)).toEqual([versionId])
    expect((await get(store, 'a')).toString()).toBe('one')
  })

  it('is nothing that a listing of what is current meets', async () => {
    const { store, catalog } = await opened()
    for (let index = 0; index < 50; index++) {
      await put(store, 'a', `${index}`)
      await remove(store, `deleted ${index}`)
    }
    await put(store, 'z', 'last')
    let rowCount = 0
    const range = catalog.range.bind(catalog)
    catalog.range = function* (asked) {
      for (const entry of range(asked)) {
        rowCount++
        yield entry
      }
    }
    const query = { bucket, prefix: '', delimiter: '', after: '', limit: 1000 }
    expect((await store.listObjects(query)).objects.map((object) => object.key)).toEqual(['a', 'z'])
    expect(rowCount).toBe(2)
    rowCount = 0
    const versions = { bucket, prefix: '', delimiter: '', afterKey: 'a', limit: 3 }
    const afterVersion = (await listed(store))[40] ?? null
    rowCount = 0
    expect((await store.listObjectVersions({ ...versions, afterVersion })).versions).toHaveLength(3)
    expect(rowCount).toBeLessThan(10)
  })

  it('never reads a catalog row more where there is no versioning', async () => {
    const { store, catalog } = await openMemoryStore()
    await store.createBucket(bucket, { region: 'x' })
    await put(store, 'a', 'x')
    const spaces: string[] = []
    const noted = (rowKey: Uint8Array) => {
      spaces.push(String.fromCharCode(rowKey[0] ?? 0))
      return rowKey
    }
    const [durable, newest] = [catalog.get.bind(catalog), catalog.peek.bind(catalog)]
    catalog.get = (rowKey) => durable(noted(rowKey))
    catalog.peek = (rowKey) => newest(noted(rowKey))
    await get(store, 'a')
    expect(await failure(get(store, 'none'))).toBe('no-such-key')
    await put(store, 'a', 'y')
    await remove(store, 'a')
    expect([...new Set(spaces)].sort()).toEqual(['b', 'o'])
  })
})

async function opened(): Promise<MemorySubject> {
  const subject = await openMemoryStore()
  await subject.store.createBucket(bucket, { region: 'x' })
  await subject.store.putBucketVersioning(bucket, 'enabled')
  return subject
}

async function listed(store: ObjectStore) {
  const all = { prefix: '', delimiter: '', afterKey: '', afterVersion: null, limit: 1000 }
  const { versions } = await store.listObjectVersions({ bucket, ...all })
  return versions.map(({ versionId }) => versionId)
}

function removeVersion(store: ObjectStore, version: VersionId) {
  return store.deleteObject({ bucket, key: key('a'), version, conditions: {} })
}

function idle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20))
}
